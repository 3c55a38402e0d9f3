"""Asking for exports, and finding their files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, export_key
from backend.audit.service import record
from backend.errors import ConflictError
from backend.exports.schemas import ExportRead, FormatName
from backend.exports.tables import Export
from backend.jobs import queue
from backend.jobs.service import read_jobs
from backend.jobs.tables import Job
from backend.rounds.counts import finished_labels
from backend.rounds.repository import get_round
from backend.runs.tables import Run
from hiast.contracts.errors import NotFoundError
from hiast.exports import EXPORT_FILE, check_classes, find_format

ZIP: Final = "application/zip"


def list_exports(session: Session, round_id: int) -> list[ExportRead]:
    """Those of a round, the newest first."""
    get_round(session, round_id)
    rows = session.scalars(
        select(Export).where(Export.round_id == round_id).order_by(Export.id.desc())
    ).all()
    jobs = session.scalars(select(Job).where(Job.id.in_([row.job_id for row in rows]))).all()
    read = {job.id: job for job in read_jobs(session, jobs)}
    own = set(ExportRead.model_fields) - {"job", "ids"}
    return [
        ExportRead(
            **{name: getattr(row, name) for name in own},
            job=read[row.job_id],
            ids=find_format(row.format).ids,
        )
        for row in rows
    ]


def ask(session: Session, round_id: int, name: FormatName, person: str) -> ExportRead:
    """Queue the job that makes it. Raises ConflictError while labels are being made, UserError for a class
    space the format cannot hold."""
    round_ = get_round(session, round_id)
    finished_labels(round_)
    run = session.get_one(Run, round_.run_id)
    check_classes(name, run.class_space)
    job = queue.enqueue(
        session,
        "export",
        f"{run.name}: export round {round_.number} as {name}",
        round_id=round_id,
        total=round_.image_count,
        priority=run.priority,
    )
    export = Export(round_id=round_id, format=name, job_id=job.id, person=person)
    session.add(export)
    session.flush()
    after = {"format": name, "job": job.id}
    record(session, person, "round.export", "round", round_id, after=after)
    return next(row for row in list_exports(session, round_id) if row.id == export.id)


def _get(session: Session, export_id: int) -> tuple[Export, str, str]:
    """The export, its key, and a name for its file. Raises NotFoundError."""
    export = session.get(Export, export_id)
    if export is None:
        raise NotFoundError(
            f"export {export_id} does not exist.", remedy="GET /api/v1/rounds/{id}/exports lists them."
        )
    round_ = get_round(session, export.round_id)
    key = export_key(round_.run_id, export.id, export.created_at)
    return export, key, f"run-{round_.run_id}-round-{round_.number}-{export.format}.zip"


def locate(session: Session, export_id: int) -> tuple[str, str, str]:
    """Key, download name and SHA-256 of a finished export. Raises ConflictError until it is made."""
    export, key, name = _get(session, export_id)
    if export.sha256 is None:
        job = session.get_one(Job, export.job_id)
        raise ConflictError(
            f"export {export_id} is not made: job {job.id} is {job.state}.",
            remedy="Wait for the job, or retry it.",
        )
    return key, name, export.sha256


def fetch(artifacts: ArtifactStore, key: str, sha256: str) -> Path:
    """The zip, on this machine."""
    return artifacts.fetch(key, [EXPORT_FILE], version=sha256) / EXPORT_FILE


def delete(session: Session, artifacts: ArtifactStore, export_id: int, person: str) -> None:
    """Forget the export and its file. Raises ConflictError while its job works."""
    export, key, _ = _get(session, export_id)
    job = session.get_one(Job, export.job_id)
    if job.state in queue.ACTIVE:
        raise ConflictError(
            f"job {job.id}, which makes export {export_id}, is {job.state}.", remedy="Cancel the job first."
        )
    before = {"export": export.id, "format": export.format}
    record(session, person, "round.unexport", "round", export.round_id, before=before)
    session.delete(export)
    session.flush()
    # Also what a job that was canceled had begun.
    artifacts.remove(key, artifacts.names(key))
