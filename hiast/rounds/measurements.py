"""What the teacher says of target images: asked now, or read from files that other processes wrote.

The network's part of labelling depends on no other image, so it can be divided; what follows, thresholds
from image to image, cannot, and is cheap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from hiast.contracts.datasets import ImageEntry
from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.run_spec import InferenceSpec, SelectionSpec
from hiast.data.image_set import ImageSet
from hiast.data.measurement_files import measurement_path, read_measurement, write_measurement
from hiast.models import SegmentationModel, place
from hiast.rounds.inference import predict, read_ahead
from hiast.selection import Codebook
from hiast.selection.stage import Measurement, measure, measurement_of

Measured = Callable[[Sequence[ImageEntry]], Iterator[tuple[ImageEntry, Measurement]]]
"""Gives each of the images, in their order, with the measurement of it, a batch of one."""
WRITTEN_BEHIND: Final = 4
"""Measurements another thread writes while the network works on the next image."""


def from_network(
    model: SegmentationModel,
    images: ImageSet,
    selection: SelectionSpec,
    inference: InferenceSpec,
    device: torch.device,
) -> Measured:
    """Measurements of the network's answers."""
    model = place(model, device).eval()
    codebook = Codebook.named(selection.codebook)

    def measured(entries: Sequence[ImageEntry]) -> Iterator[tuple[ImageEntry, Measurement]]:
        for entry, image in read_ahead(images, entries):
            logits = predict(model, image.to(device), inference)
            yield (
                entry,
                measure(
                    logits,
                    codebook,
                    local_consistency=selection.local_consistency,
                    local_window=selection.local_window,
                ),
            )

    return measured


def from_files(directory: Path, classes: int, selection: SelectionSpec) -> Measured:
    """Measurements that `measure_images` has written; the same, bit by bit, as when they were taken.

    Iterating raises UserError for a file that is missing, damaged, or of another codebook.
    """
    codebook = Codebook.named(selection.codebook)

    def measured(entries: Sequence[ImageEntry]) -> Iterator[tuple[ImageEntry, Measurement]]:
        for entry in entries:
            prediction, codes, book = read_measurement(directory, entry.name)
            if book != codebook.name or int(prediction.max(initial=0)) >= classes:
                raise UserError(
                    f"the measurement is of another run: codebook {book!r}, class ids up to "
                    f"{int(prediction.max(initial=0))}.",
                    where=str(measurement_path(directory, entry.name)),
                    remedy="Start the run again.",
                )
            yield (
                entry,
                measurement_of(
                    torch.from_numpy(prediction)[None],
                    torch.from_numpy(codes.view(np.int16))[None],
                    classes,
                    codebook,
                    local_consistency=selection.local_consistency,
                    local_window=selection.local_window,
                ),
            )

    return measured


def measure_images(
    measured: Measured,
    entries: Sequence[ImageEntry],
    images: ImageSet,
    directory: Path,
    on_progress: OnProgress,
    *,
    is_there: Callable[[str], bool] | None = None,
    on_file: Callable[[str], None] | None = None,
) -> None:
    """Write the measurements of `entries` into `directory`; those that are there are not taken again.

    is_there: says so by the image's name, where the directory is not the only place. on_file: hears the
    image's name when its file is complete, in the thread that wrote it.
    """

    def write(name: str, prediction: NDArray[np.uint8], codes: NDArray[np.uint16], book: str) -> None:
        write_measurement(
            directory, name, prediction=prediction, codes=codes, classes=images.classes, codebook=book
        )
        if on_file is not None:
            on_file(name)

    there = is_there or (lambda name: measurement_path(directory, name).exists())
    missing = [entry for entry in entries if not there(entry.name)]
    done = len(entries) - len(missing)
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as writer:
        for entry, part in measured(missing):
            while len(waiting) >= WRITTEN_BEHIND:
                waiting.popleft().result()
            done += 1
            prediction, codes = part.prediction[0].cpu().numpy(), stored_codes(part)[0]
            waiting.append(writer.submit(write, entry.name, prediction, codes, part.codebook.name))
            on_progress(Progress(stage="label", done=done, total=len(entries), message=entry.name))
        while waiting:
            waiting.popleft().result()


def stored_codes(measured: Measurement) -> NDArray[np.uint16]:
    """The confidence codes (B, H, W) as files hold them."""
    codes: NDArray[np.uint16] = measured.codes.cpu().numpy().view(np.uint16)
    return codes
