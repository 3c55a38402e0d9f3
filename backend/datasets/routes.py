"""HTTP in and out of data sets."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend.datasets import repository, service
from backend.datasets.schemas import DatasetCreate, DatasetRead, ImageRead
from backend.dependencies import (
    AppSettings,
    Cursor,
    Id,
    IdempotencyKey,
    Limit,
    Operator,
    ReadSession,
    WriteSession,
)
from backend.idempotency.service import once
from backend.jobs.repository import get_job
from backend.jobs.schemas import JobRead
from backend.jobs.service import read_job
from backend.pagination import Page

router = APIRouter(prefix="/datasets", tags=["data sets"])


@router.get("")
def list_datasets(session: ReadSession, cursor: Cursor = None, limit: Limit = 50) -> Page[DatasetRead]:
    """Registered data sets, oldest first."""
    return service.list_datasets(session, cursor, limit)


@router.post("", status_code=202)
def register_dataset(
    body: DatasetCreate,
    session: WriteSession,
    person: Operator,
    settings: AppSettings,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> DatasetRead:
    """Register a data set; a job scans its files. Faulty files are listed, the rest is usable."""
    dataset_id = once(
        session,
        person.name,
        idempotency_key,
        "dataset.register",
        body.model_dump_json(),
        lambda: service.register(session, body, settings.allowed_data_roots, person.name).id,
    )
    response.headers["Location"] = f"/api/v1/datasets/{dataset_id}"
    return service.read_dataset(session, repository.get_dataset(session, dataset_id))


@router.get("/{dataset_id}")
def get_dataset(dataset_id: Id, session: ReadSession) -> DatasetRead:
    """One data set."""
    return service.read_dataset(session, repository.get_dataset(session, dataset_id))


@router.delete("/{dataset_id}", status_code=204)
def forget_dataset(dataset_id: Id, session: WriteSession, person: Operator) -> None:
    """Remove the registration of a data set no run refers to; the files stay."""
    service.forget(session, dataset_id, person.name)


@router.get("/{dataset_id}/images")
def list_images(
    dataset_id: Id,
    session: ReadSession,
    problem: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ImageRead]:
    """Images in data set order; `problem=true` lists the faulty ones."""
    return service.list_images(session, dataset_id, problem=problem, cursor=cursor, limit=limit)


@router.post("/{dataset_id}/scan", status_code=202)
def scan_dataset(
    dataset_id: Id,
    session: WriteSession,
    person: Operator,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobRead:
    """Look at every file again."""
    job_id = once(
        session,
        person.name,
        idempotency_key,
        "dataset.scan",
        str(dataset_id),
        lambda: service.rescan(session, dataset_id, person.name).id,
    )
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return read_job(session, get_job(session, job_id))
