"""The stand-in's what-if: the real one, over counts of the generated scenes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from fastapi import FastAPI

from backend.artifacts.directory import DirectoryStore
from backend.what_if.schemas import WhatIf, WhatIfRead
from backend.what_if.service import LabelledRound, what_if
from hiast.contracts.class_spaces import IGNORED, STREETS
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.data.histogram_files import writing_histograms
from hiast.selection import Codebook, CountedCodes, count_codes
from hiast.selection.replay import store_counts
from tests.frontend_gradio.fake_answers import BASE, ProblemError
from tests.frontend_gradio.fake_records import CLASSES, IMAGES, FakeRecords
from tests.frontend_gradio.fake_scenes import label_of


def add_what_if(app: FastAPI, records: FakeRecords) -> None:
    home = Path(tempfile.mkdtemp(prefix="what-if-"))
    book = Codebook.log12()
    for number in (1, 2):
        with writing_histograms(home / str(number) / HISTOGRAMS_FILE, CLASSES, book.name) as writer:
            for index in range(IMAGES):
                label = label_of(number, index)
                candidates = np.where(label.reason > Reason.BELOW_THRESHOLD, IGNORED, label.prediction)
                counts = count_codes(label.codes, candidates, CLASSES, book)
                store_counts(writer, CountedCodes.of(counts, book))

    @app.post(BASE + "/rounds/{round_id}/what-if")
    def ask(round_id: int, body: WhatIf) -> WhatIfRead:
        round_ = records.round(round_id)
        labels = [label for label in records.labels if label.round_id == round_id]
        assert round_.label_set is not None
        labelled = LabelledRound(
            id=round_id,
            number=round_.number,
            key=str(round_.number),
            selection=records.spec.selection,
            paste=records.spec.paste,
            classes=STREETS,
            label_set=round_.label_set,
            first_thresholds=labels[0].thresholds,
            label_ids=[label.id for label in labels],
            pixels=np.array([label.height * label.width for label in labels]),
            places=np.arange(len(labels)),
        )
        try:
            return what_if(labelled, DirectoryStore(home), body)
        except UserError as error:
            raise ProblemError(422, str(error)) from error
