"""The counted confidences of a round's labels, written while labels are, for replays of its thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport
from hiast.data.histogram_files import writing_histograms
from hiast.data.label_files import read_codes, read_prediction, read_reason
from hiast.selection import Codebook, CountedCodes, count_codes
from hiast.selection.replay import store_counts


def counted_label(directory: Path, name: str, classes: int) -> CountedCodes:
    """Counts of a label from its files, as when it was made. Raises UserError for damaged files."""
    codes, book = read_codes(directory, name)
    prediction = read_prediction(directory, name)
    candidates = np.where(read_reason(directory, name) == Reason.INCONSISTENT, IGNORED, prediction)
    codebook = Codebook.named(book)
    return CountedCodes.of(count_codes(codes, candidates, classes, codebook), codebook)


@contextmanager
def counting_labels(
    file: Path | None, directory: Path, written: Sequence[LabelReport], classes: int, codebook: str
) -> Iterator[Callable[[NDArray[np.int64]], None]]:
    """Takes the histogram (C, K) of one label after the other, behind those of labels `written` before,
    which are counted anew. The file appears when the whole set went well. None: nothing is written."""
    if file is None:
        yield lambda _histogram: None
        return
    with writing_histograms(file, classes, codebook) as writer:
        for report in written:
            store_counts(writer, counted_label(directory, report.name, classes))
        book = Codebook.named(codebook)
        yield lambda histogram: store_counts(writer, CountedCodes.of(histogram, book))
