"""Which checkpoints a run has, and asking one of them about the target images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import WRITTEN_ONCE, ArtifactStore, predictions_key
from backend.audit.service import record
from backend.datasets.tables import Image
from backend.errors import ConflictError
from backend.jobs import queue
from backend.jobs.service import read_jobs
from backend.jobs.tables import Job
from backend.predictions.schemas import CheckpointRead
from backend.predictions.tables import Prediction
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs.repository import get_run, list_rounds
from backend.runs.tables import Run
from hiast.contracts.errors import NotFoundError
from hiast.data.measurement_files import StoredMeasurement, measurement_name, read_stored

Role = Literal["warm-up", "teacher", "student"]


def list_checkpoints(session: Session, run_id: int) -> list[CheckpointRead]:
    """The networks the run has by now, in the order they were made."""
    run = get_run(session, run_id)
    rounds = list_rounds(session, run.id)
    asked = session.scalars(select(Prediction).where(Prediction.run_id == run.id)).all()
    jobs = session.scalars(select(Job).where(Job.id.in_([row.job_id for row in asked]))).all()
    read = {job.id: job for job in read_jobs(session, jobs)}
    by_name = {row.checkpoint: read[row.job_id] for row in asked}
    return [
        CheckpointRead(
            name=name,
            role=role,
            round_number=number,
            labels_round=_labels_round(rounds, role, number),
            prediction=by_name.get(name),
        )
        for name, role, number in _checkpoints(rounds)
    ]


def _checkpoints(rounds: Sequence[Round]) -> list[tuple[str, Role, int]]:
    found: list[tuple[str, Role, int]] = [("warm-up", "warm-up", 0)] if rounds else []
    for round_ in rounds:
        if round_.training is not None:
            found.append((f"teacher-{round_.number}", "teacher", round_.number))
            found.append((f"student-{round_.number}", "student", round_.number))
    return found


def _labels_round(rounds: Sequence[Round], role: Role, number: int) -> int | None:
    """Labels are made by the warm-up's network, then by the teacher of the round before."""
    made = number + 1
    return made if role != "student" and any(round_.number == made for round_ in rounds) else None


def ask(session: Session, run_id: int, checkpoint: str, first_image: str | None, person: str) -> Job:
    """Queue the job that asks; one that is under way is answered as it is, one that stopped goes on.

    Raises NotFoundError for a checkpoint the run does not have and an image its target does not have.
    """
    run = progression.lock_run(session, get_run(session, run_id).id)
    _must_exist(session, run, checkpoint)
    if first_image is not None and not _is_image(session, run, first_image):
        raise NotFoundError(
            f"run {run.id} has no target image {first_image!r}.",
            where="first_image",
            remedy=f"GET /api/v1/datasets/{run.target_id}/images lists them.",
        )
    query = select(Prediction).where(Prediction.run_id == run.id, Prediction.checkpoint == checkpoint)
    known = session.scalars(query).one_or_none()
    job = session.get_one(Job, known.job_id) if known is not None else None
    if job is not None and job.state == "canceling":
        raise ConflictError(f"job {job.id} is still stopping.", remedy="Ask again in a moment.")
    if job is not None and job.state in ("queued", "running"):
        return job
    if job is not None and job.state in ("failed", "canceled"):
        queue.requeue(session, job)
    else:
        job = queue.enqueue(
            session,
            "predict",
            f"{run.name}: ask {words_of(checkpoint)}",
            total=progression.usable_images(session, run.target_id),
            priority=run.priority,
            needs=progression.needs_of(run),
        )
    prediction = known or Prediction(run_id=run.id, checkpoint=checkpoint)
    prediction.job_id, prediction.first_image = job.id, first_image
    session.add(prediction)
    record(
        session, person, "checkpoint.ask", "run", run.id, after={"checkpoint": checkpoint, "job": job.id}
    )
    return job


def words_of(checkpoint: str) -> str:
    """The checkpoint in a sentence."""
    if checkpoint == "warm-up":
        return "the warm-up's network"
    role, _, number = checkpoint.partition("-")
    return f"the {role} of round {number}"


def _must_exist(session: Session, run: Run, checkpoint: str) -> None:
    names = [name for name, _, _ in _checkpoints(list_rounds(session, run.id))]
    if checkpoint not in names:
        raise NotFoundError(
            f"run {run.id} has no checkpoint {checkpoint!r}.",
            where="checkpoint",
            remedy=f"It has {', '.join(names)}." if names else "Its warm-up is not done.",
        )


def _is_image(session: Session, run: Run, name: str) -> bool:
    query = select(Image.id).where(Image.dataset_id == run.target_id, Image.name == name)
    return session.scalar(query) is not None


def locate(session: Session, run_id: int, checkpoint: str) -> str:
    """The key of the checkpoint's predictions. Raises NotFoundError while nobody has asked."""
    run = get_run(session, run_id)
    _must_exist(session, run, checkpoint)
    query = select(Prediction).where(Prediction.run_id == run.id, Prediction.checkpoint == checkpoint)
    prediction = session.scalars(query).one_or_none()
    if prediction is None:
        raise NotFoundError(
            f"{words_of(checkpoint)} was not asked about these images.",
            where=checkpoint,
            remedy=f"POST /api/v1/runs/{run.id}/checkpoints/{checkpoint}/predictions asks it.",
        )
    return predictions_key(run.id, checkpoint, prediction.created_at)


def read(artifacts: ArtifactStore, key: str, image: str) -> StoredMeasurement:
    """What was said of an image, as it is stored. Raises NotFoundError while its turn has not come."""
    name = measurement_name(image)
    if not artifacts.holds(key, name):
        raise NotFoundError(
            f"there is no prediction of {image!r} yet.",
            where=key,
            remedy="Wait for the job that asks, or begin with this image when asking.",
        )
    return read_stored(artifacts.fetch(key, [name], version=WRITTEN_ONCE), image)
