"""The stand-in's changes since the round before: counted on its scenes, after a while."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import FastAPI

from backend.changes.schemas import ChangesRead
from backend.jobs.schemas import JobRead
from hiast.contracts.changes import ChangeReport, ClassChanges, ImageChanges
from hiast.metrics.label_changes import ChangeCounts, label_changes
from hiast.selection import Codebook, labels_from_codes
from tests.frontend_gradio.fake_answers import BASE
from tests.frontend_gradio.fake_records import CLASSES, IMAGES, FakeRecords, job, kept_map
from tests.frontend_gradio.fake_scenes import label_of

PATIENCE = 2
"""So often somebody looks before it is counted."""


def counts_of(index: int) -> ChangeCounts:
    """Of one image, from round 1 to round 2."""
    before, now = label_of(1, index), label_of(2, index)
    book, thresholds = Codebook.log12(), np.array(before.thresholds)
    mixed = labels_from_codes(now.codes, now.prediction, thresholds, book)
    return label_changes(kept_map(1, index), kept_map(2, index), mixed, None, CLASSES)


def _report() -> ChangeReport:
    counted = [counts_of(index) for index in range(IMAGES)]
    total = counted[0]
    for counts in counted[1:]:
        total = total + counts
    columns = {name: getattr(total, name).tolist() for name in ClassChanges.model_fields}
    pixels = kept_map(1, 0).size
    return ChangeReport(
        images=IMAGES,
        pixels=IMAGES * pixels,
        classes=[ClassChanges(**{name: row[c] for name, row in columns.items()}) for c in range(CLASSES)],
        most_changed=[ImageChanges(name="dusk/0003", pixels=pixels, changed=pixels // 4, oscillating=0)],
        most_oscillating=[],
    )


def add_changes(app: FastAPI, records: FakeRecords) -> None:
    state: dict[str, Any] = {"looks": 0, "job": None}

    @app.get(BASE + "/rounds/{round_id}/changes")
    def changes(round_id: int) -> ChangesRead:
        state["looks"] += state["job"] is not None
        done = state["looks"] > PATIENCE
        return ChangesRead(round_id=round_id, job=state["job"], report=_report() if done else None)

    @app.post(BASE + "/rounds/{round_id}/changes", status_code=202)
    def count(round_id: int) -> JobRead:
        records.round(round_id)
        kind: Any = "compare_rounds"
        state["job"] = job(40, kind, "running", "compare", run_id=None, done=5, total=14, finished_at=None)
        counted: JobRead = state["job"]
        return counted
