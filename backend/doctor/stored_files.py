"""Are checkpoints where finished steps put them, and is there anything in the store nobody needs?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from backend.artifacts import (
    ArtifactStore,
    corrections_key,
    export_key,
    labels_key,
    predictions_key,
    revision_key,
    round_key,
    warm_up_key,
)
from backend.corrections.tables import Correction
from backend.doctor.problem import Problem
from backend.exports.tables import Export
from backend.jobs.queue import ACTIVE
from backend.jobs.tables import Job
from backend.labels.tables import Label
from backend.predictions.tables import Prediction
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.step_files import STATE_FILE, WARM_UP_FILE
from hiast.data.label_files import FILE_KINDS, file_name
from hiast.exports import EXPORT_FILE

RUNS: Final = "runs"
"""Below this lies what runs leave."""
DELETE: Final = "Nothing needs it; it can be deleted."
RESTORE: Final = "Restore the artifact store from a backup, or start a new run."


def checkpoint_problems(session: Session, artifacts: ArtifactStore, *, quick: bool) -> Iterator[Problem]:
    """Every finished step has its checkpoint, as long as the file itself says (not with `quick`)."""
    rounds = session.scalars(select(Round).order_by(Round.id)).all()
    needed = [(f"run {run_id}", warm_up_key(run_id), WARM_UP_FILE) for run_id in _runs_of(rounds)]
    for round_ in rounds:
        if round_.training is not None:
            thing, key = (
                f"run {round_.run_id}, round {round_.number}",
                round_key(round_.run_id, round_.number),
            )
            needed.append((thing, key, round_.training.student_path))
            needed.append((thing, key, round_.training.teacher_path))
    for thing, key, name in needed:
        if not artifacts.holds(key, name):
            yield Problem(thing, f"checkpoint {key}/{name} is not in {artifacts.url}.", RESTORE)
        elif not quick and not _is_whole(artifacts.fetch(key, [name]) / name):
            yield Problem(thing, f"checkpoint {key}/{name} is damaged or cut short.", RESTORE)


def _runs_of(rounds: Sequence[Round]) -> list[int]:
    return sorted({round_.run_id for round_ in rounds})


def _is_whole(path: Path) -> bool:
    """Is a safetensors file as long as its header says? (8 bytes length, header, tensors)."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(size)) if size < path.stat().st_size else {}
        except ValueError:
            return False
    header.pop("__metadata__", None)
    ends = [tensor["data_offsets"][1] for tensor in header.values()]
    return bool(ends) and path.stat().st_size == 8 + size + max(ends)


def litter_problems(session: Session, artifacts: ArtifactStore, stored: Sequence[str]) -> Iterator[Problem]:
    """Files no row knows: of runs that are gone, of labels that were never told of, left-over states.

    `stored`: the names of all files below `RUNS`.
    """
    runs = {str(run_id) for run_id in session.scalars(select(Run.id))}
    known, done, busy = _known(session)
    open_ = _open_folders(session)
    for name in stored:
        path = PurePosixPath(RUNS, name)
        reason = ""
        if path.parts[1] not in runs:
            reason = "it belongs to no run."
        elif any(path.is_relative_to(folder) for folder in (*busy, *open_)):
            # Files come before the rows that name them.
            continue
        elif path.name.startswith(".") and path.name.endswith(".tmp"):
            reason = "it was being written when its process ended."
        elif "labels" in path.parts and str(path) not in known:
            reason = "no label of the database has this file."
        elif "revisions" in path.parts and str(path) not in known:
            reason = "no revision of the database has this file."
        elif "exports" in path.parts and str(path) not in known:
            reason = "no export of the database has this file."
        elif "corrections" in path.parts and str(path) not in known:
            reason = "no correction of the database has this file."
        elif path.name == STATE_FILE and str(path.parent) in done:
            reason = "it is the state of a training that is done."
        if reason and artifacts.holds(RUNS, name):
            yield Problem(f"file {artifacts.url}/{path}", reason, DELETE, "warning")


def _open_folders(session: Session) -> list[str]:
    """Folders people may be drawing into."""
    rounds = session.scalars(select(Round).where(Round.state.in_(("labelling", "reviewing"))))
    return [corrections_key(round_.run_id, round_.number) for round_ in rounds]


def _known(session: Session) -> tuple[set[str], set[str], set[str]]:
    """Files of labels and corrections; folders whose training is done; folders a job may write into."""
    rounds = session.scalars(select(Round)).all()
    known: set[str] = set()
    for round_ in rounds:
        key = labels_key(round_.run_id, round_.number)
        for name in session.scalars(select(Label.name).where(Label.round_id == round_.id)):
            known.update(f"{key}/{file_name(name, kind)}" for kind in FILE_KINDS)
        drawn = select(Correction.file).join(Label, Label.id == Correction.label_id)
        files = session.scalars(drawn.where(Label.round_id == round_.id, Correction.file.is_not(None)))
        known.update(f"{corrections_key(round_.run_id, round_.number)}/{file}" for file in files)
    done = {warm_up_key(run_id) for run_id in _runs_of(rounds)}
    done |= {round_key(row.run_id, row.number) for row in rounds if row.training is not None}
    numbers = {round_.id: round_.number for round_ in rounds}
    # A failed step may be tried again, and clears up when it ends.
    at_work = or_(Job.state.in_(ACTIVE), and_(Job.state == "failed", Run.state == "failed"))
    busy = {
        warm_up_key(job.run_id) if job.round_id is None else round_key(job.run_id, numbers[job.round_id])
        for job in session.scalars(select(Job).join(Run, Run.id == Job.run_id).where(at_work))
        if job.run_id is not None
    }
    asked = (
        select(Prediction).join(Job, Job.id == Prediction.job_id).where(Job.state.in_((*ACTIVE, "failed")))
    )
    for row in session.scalars(asked):
        busy.add(predictions_key(row.run_id, row.checkpoint, row.created_at))
    for revision, round_ in session.execute(
        select(Revision, Round).join(Round, Round.id == Revision.round_id)
    ):
        key = revision_key(round_.run_id, round_.number, revision.number, revision.created_at)
        if revision.label_set is None:
            # What it has begun it goes on with when its job is tried again.
            busy.add(key)
        labels = select(Label.name).join(RevisedLabel, RevisedLabel.label_id == Label.id)
        for name in session.scalars(labels.where(RevisedLabel.revision_id == revision.id)):
            known.add(f"{key}/{file_name(name, 'reason')}")
    exports = select(Export, Round).join(Round, Round.id == Export.round_id)
    for export, round_ in session.execute(exports):
        key = export_key(round_.run_id, export.id, export.created_at)
        if export.sha256 is None:
            busy.add(key)
        else:
            known.add(f"{key}/{EXPORT_FILE}")
    return known, done, busy
