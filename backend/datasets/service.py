"""What people can do with data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.datasets import repository
from backend.datasets.schemas import DatasetCreate, DatasetRead, ImageRead
from backend.datasets.tables import Dataset, Image
from backend.errors import ConflictError
from backend.jobs import queue
from backend.jobs.tables import Job
from backend.pagination import Page, cut, decode_cursor
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError


def read_dataset(session: Session, dataset: Dataset) -> DatasetRead:
    """The data set as it travels."""
    return read_datasets(session, [dataset])[0]


def read_datasets(session: Session, datasets: Sequence[Dataset]) -> list[DatasetRead]:
    """Data sets as they travel, with one query for all of them."""
    jobs = repository.scan_job_ids(session, [dataset.id for dataset in datasets])
    names = [name for name in DatasetRead.model_fields if name != "scan_job_id"]
    return [
        DatasetRead(**{name: getattr(dataset, name) for name in names}, scan_job_id=jobs.get(dataset.id))
        for dataset in datasets
    ]


def read_image(image: Image) -> ImageRead:
    """The image as it travels."""
    return ImageRead(
        id=image.id,
        name=image.name,
        height=image.height,
        width=image.width,
        labelled=image.label_path is not None,
        problem=image.problem,
    )


def list_datasets(session: Session, cursor: str | None, limit: int) -> Page[DatasetRead]:
    """A page of data sets, oldest first."""
    after = decode_cursor(cursor, int)[0] if cursor else 0
    datasets, total = repository.list_datasets(session, after, limit + 1)
    datasets, next_cursor = cut(datasets, limit, lambda dataset: (dataset.id,))
    return Page(items=read_datasets(session, datasets), next_cursor=next_cursor, total=total)


def list_images(
    session: Session, dataset_id: int, *, problem: bool | None, cursor: str | None, limit: int
) -> Page[ImageRead]:
    """A page of images in data set order."""
    repository.get_dataset(session, dataset_id)
    of = f"problem={problem}"
    after = decode_cursor(cursor, int, of=of)[0] if cursor else -(2**31)
    images, total = repository.list_images(
        session, dataset_id, problem=problem, after=after, limit=limit + 1
    )
    images, next_cursor = cut(images, limit, lambda image: (image.position,), of=of)
    return Page(items=[read_image(image) for image in images], next_cursor=next_cursor, total=total)


def resolve_root(spec: DatasetSpec, allowed_roots: list[Path]) -> DatasetSpec:
    """The spec with an absolute root that exists and lies below an allowed directory."""
    root = Path(spec.root).expanduser()
    if not root.is_absolute():
        raise UserError(
            f"{spec.root!r} is a relative path.", where="spec.root", remedy="Give the absolute path."
        )
    root = root.resolve()
    if allowed_roots and not any(root.is_relative_to(allowed) for allowed in allowed_roots):
        raise UserError(
            f"{spec.root!r} is not below an allowed directory.",
            where="spec.root",
            remedy="Allowed: " + ", ".join(map(str, allowed_roots)) + " (STUDIO_DATA_ROOTS).",
        )
    if spec.kind != "streets" and not root.is_dir():
        raise UserError(
            f"directory {spec.root!r} does not exist on the server.",
            where="spec.root",
            remedy="Check the path; it must be readable by the API and every worker.",
        )
    return spec.model_copy(update={"root": str(root)})


def register(session: Session, body: DatasetCreate, allowed_roots: list[Path], person: str) -> Dataset:
    """Register a data set and queue its first scan."""
    if session.scalar(select(Dataset.id).where(Dataset.name == body.name)) is not None:
        raise ConflictError(
            f"a data set named {body.name!r} is registered already.",
            where="name",
            remedy="Choose another name, or scan that one again.",
        )
    dataset = Dataset(name=body.name, spec=resolve_root(body.spec, allowed_roots))
    session.add(dataset)
    session.flush()
    _enqueue_scan(session, dataset)
    record(session, person, "dataset.register", "dataset", dataset.id, after=_audited(dataset))
    return dataset


def _audited(dataset: Dataset) -> dict[str, Any]:
    return {"name": dataset.name, "kind": dataset.spec.kind, "root": dataset.spec.root}


def rescan(session: Session, dataset_id: int, person: str) -> Job:
    """Look at every file again, after files were mended, added or removed."""
    dataset = repository.get_dataset(session, dataset_id)
    if dataset.state == "scanning":
        raise ConflictError(f"data set {dataset.name!r} is being scanned already.", remedy="Wait for it.")
    before = {"state": dataset.state, "images": dataset.image_count}
    job = _enqueue_scan(session, dataset)
    after = {"state": dataset.state, "job": job.id}
    record(session, person, "dataset.scan", "dataset", dataset.id, before=before, after=after)
    return job


def forget(session: Session, dataset_id: int, person: str) -> None:
    """Remove the registration. The files stay where they are."""
    dataset = repository.get_dataset(session, dataset_id)
    run = repository.run_that_uses(session, dataset_id)
    if run is not None:
        raise ConflictError(
            f"data set {dataset.name!r} is used by run {run.id} ({run.name!r}).",
            remedy="A data set can be removed when no run refers to it.",
        )
    record(session, person, "dataset.forget", "dataset", dataset.id, before=_audited(dataset))
    session.delete(dataset)


def _enqueue_scan(session: Session, dataset: Dataset) -> Job:
    dataset.state, dataset.error = "scanning", None
    return queue.enqueue(session, "scan_dataset", f"scan {dataset.name}", dataset_id=dataset.id)
