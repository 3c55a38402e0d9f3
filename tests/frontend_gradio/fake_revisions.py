"""The stand-in's revisions: a job, done after a while, makes the labels of a round keep everything."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from backend.revisions.schemas import RevisionCreate, RevisionRead
from hiast.contracts.selection_changes import SelectionChanges
from tests.frontend_gradio.fake_answers import BASE, ProblemError
from tests.frontend_gradio.fake_records import NOW, FakeRecords, job

PATIENCE = 2
"""So often somebody looks before the job is done."""


def add_revisions(app: FastAPI, records: FakeRecords) -> None:
    known: dict[int, list[RevisionRead]] = {round_.id: [] for round_ in records.runs[0].rounds}
    state: dict[str, Any] = {"looks": 0, "refuse": False}
    app.state.revisions = state

    def revision(number: int, body: RevisionCreate, **more: Any) -> RevisionRead:
        fields = {"parent": None, "comment": body.comment, "label_set": None, "job": None, "current": False}
        return RevisionRead(
            number=number, changes=body.changes, person="ada", created_at=NOW, **(fields | more)
        )

    def work(round_id: int) -> None:
        """Some time passes."""
        under_way = [row for row in known[round_id] if row.job and row.job.state == "running"]
        state["looks"] += bool(under_way)
        if not under_way or state["looks"] <= PATIENCE:
            return
        round_ = records.round(round_id)
        for row in known[round_id]:
            row.current = row is under_way[0]
        row = under_way[0]
        row.label_set = round_.label_set
        row.job = row.job and row.job.model_copy(update={"state": "succeeded"})
        round_.revision, round_.state = row.number, "reviewing"
        for label in records.labels:
            if label.round_id == round_id and row.number:
                label.thresholds, label.revision = [0.0] * len(label.thresholds), row.number
                label.layers_digest += f"-{row.number}"

    @app.get(BASE + "/rounds/{round_id}/revisions")
    def revisions(round_id: int) -> list[RevisionRead]:
        work(round_id)
        return known[round_id]

    @app.post(BASE + "/rounds/{round_id}/revisions", status_code=201)
    def ask(round_id: int, body: RevisionCreate) -> RevisionRead:
        if state["refuse"]:
            raise ProblemError(409, "round 2 is training; only a round in review can be revised.")
        round_ = records.round(round_id)
        if not known[round_id]:
            made = RevisionCreate(changes=SelectionChanges())
            known[round_id].append(revision(0, made, label_set=round_.label_set, current=True))
            for label in records.labels:
                records.as_made[label.id] = label.model_copy()
        kind: Any = "apply_revision"
        under_way = job(30, kind, "running", "revise", run_id=1, done=3, total=14, finished_at=None)
        number = len(known[round_id])
        known[round_id].append(revision(number, body, job=under_way))
        round_.state = "revising"
        return known[round_id][-1]
