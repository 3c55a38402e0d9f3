"""Do data sets have the images they say they have?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.tables import Dataset, Image
from backend.doctor.problem import Problem
from backend.jobs.queue import ACTIVE
from backend.jobs.tables import Job
from hiast.contracts.errors import UserError
from hiast.data.listing import file_below

SCAN: Final = "Scan the data set again."


def dataset_problems(session: Session) -> Iterator[Problem]:
    """Check every data set."""
    scanning = set(session.scalars(select(Job.dataset_id).where(Job.state.in_(ACTIVE))))
    for dataset in session.scalars(select(Dataset).order_by(Dataset.id)):
        if (dataset.state == "scanning") != (dataset.id in scanning):
            job = "a scan is under way" if dataset.id in scanning else "no scan is under way"
            yield Problem(f"data set {dataset.name!r}", f"it is {dataset.state}, but {job}.", SCAN)
        if dataset.state == "failed" and not dataset.error:
            yield Problem(f"data set {dataset.name!r}", "it failed and does not say why.", SCAN)
        if dataset.state == "ready":
            images = session.scalars(
                select(Image).where(Image.dataset_id == dataset.id).order_by(Image.position)
            ).all()
            yield from _counts(dataset, images)
            yield from _files(dataset, images)


def _counts(dataset: Dataset, images: Sequence[Image]) -> Iterator[Problem]:
    usable = [image for image in images if image.problem is None]
    found = (len(usable), len(images) - len(usable))
    told = (dataset.image_count, dataset.faulty_count)
    if found != told or dataset.class_space is None:
        problem = (
            f"it says {told[0]} usable and {told[1]} faulty images; {found[0]} and {found[1]} are listed."
        )
        yield Problem(f"data set {dataset.name!r}", problem, SCAN)
    if len({image.name for image in images}) != len(images):
        yield Problem(f"data set {dataset.name!r}", "an image is listed twice.", SCAN)


def _files(dataset: Dataset, images: Sequence[Image]) -> Iterator[Problem]:
    if not Path(dataset.spec.root).is_dir():
        problem = f"its directory {dataset.spec.root!r} is not there."
        yield Problem(f"data set {dataset.name!r}", problem, "Put it back, or mount it on this machine.")
        return
    for image in images:
        for path in (image.image_path, image.label_path):
            if image.problem is None and path is not None and not _is_file(dataset.spec.root, path):
                thing = f"image {image.name!r} of data set {dataset.name!r}"
                yield Problem(thing, f"file {path!r} is gone.", f"Put it back. {SCAN}")


def _is_file(root: str, path: str) -> bool:
    try:
        return file_below(root, path).is_file()
    except UserError:
        return False
