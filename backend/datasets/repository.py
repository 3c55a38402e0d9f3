"""Queries about data sets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.datasets.tables import Dataset, Image
from backend.jobs.tables import Job
from backend.runs.tables import Run
from hiast.contracts.errors import NotFoundError


def get_dataset(session: Session, dataset_id: int) -> Dataset:
    """The data set. Raises NotFoundError."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFoundError(
            f"data set {dataset_id} does not exist.", remedy="GET /api/v1/datasets lists them."
        )
    return dataset


def get_dataset_by_name(session: Session, name: str) -> Dataset:
    """The data set of that name. Raises NotFoundError naming those that exist."""
    dataset = session.scalar(select(Dataset).where(Dataset.name == name))
    if dataset is None:
        known = ", ".join(repr(other) for other in session.scalars(select(Dataset.name).limit(20)))
        raise NotFoundError(
            f"data set {name!r} is not registered.",
            remedy=f"Registered: {known}." if known else "None is registered yet: POST /api/v1/datasets.",
        )
    return dataset


def list_datasets(session: Session, after: int, limit: int) -> tuple[Sequence[Dataset], int]:
    """Data sets in the order they were registered, and how many there are."""
    total = session.scalar(select(func.count()).select_from(Dataset)) or 0
    query = select(Dataset).where(Dataset.id > after).order_by(Dataset.id).limit(limit)
    return session.scalars(query).all(), total


def list_images(
    session: Session, dataset_id: int, *, problem: bool | None, after: int, limit: int
) -> tuple[Sequence[Image], int]:
    """Images in data set order behind position `after`; `problem` keeps the faulty or the usable ones."""
    query = select(Image).where(Image.dataset_id == dataset_id)
    if problem is not None:
        query = query.where(Image.problem.is_not(None) if problem else Image.problem.is_(None))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.where(Image.position > after).order_by(Image.position).limit(limit)
    return session.scalars(page).all(), total


def scan_job_ids(session: Session, dataset_ids: Sequence[int]) -> dict[int, int]:
    """The newest scan job of each data set that has one."""
    query = (
        select(Job.dataset_id, func.max(Job.id))
        .where(Job.dataset_id.in_(dataset_ids))
        .group_by(Job.dataset_id)
    )
    return {dataset_id: job_id for dataset_id, job_id in session.execute(query) if dataset_id is not None}


def run_that_uses(session: Session, dataset_id: int) -> Run | None:
    """A run that refers to the data set, if any."""
    columns = (Run.source_id, Run.target_id, Run.validation_id)
    return session.scalars(
        select(Run).where(or_(*(column == dataset_id for column in columns))).limit(1)
    ).first()
