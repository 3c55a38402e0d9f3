"""Do labels, their sets and the decisions on them fit each other? No pixel is read here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.tables import Image
from backend.doctor.problem import Problem
from backend.labels.tables import Label
from backend.reviews.service import STATUS_OF_DECISION
from backend.reviews.tables import Review
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.reports import LabelSetReport

RESTORE: Final = "Restore the database from a backup, or start a new run."


def label_problems(session: Session) -> Iterator[Problem]:
    """Check every label, round by round."""
    reviews: defaultdict[int, list[Review]] = defaultdict(list)
    for review in session.scalars(select(Review).order_by(Review.label_id, Review.id)):
        reviews[review.label_id].append(review)
    for run, round_ in session.execute(
        select(Run, Round).join(Round, Round.run_id == Run.id).order_by(Round.id)
    ):
        rows = session.execute(
            select(Label, Image)
            .join(Image, Image.id == Label.image_id)
            .where(Label.round_id == round_.id)
            .order_by(Label.position)
        )
        labels = []
        for label, image in rows:
            labels.append(label)
            yield from _label(run, round_, label, image)
            yield from _decisions(label, reviews[label.id])
        if round_.label_set is not None:
            yield from _set(f"run {run.id}, round {round_.number}", labels, round_, round_.label_set)


def _label(run: Run, round_: Round, label: Label, image: Image) -> Iterator[Problem]:
    thing = f"label {label.id} ({label.name}) of run {run.id}, round {round_.number}"
    report = label.report
    if (label.name, label.position, label.kept_share) != (report.name, report.order, report.kept_share):
        yield Problem(thing, "its row says something else than its report.", RESTORE)
    if (image.name, image.dataset_id) != (label.name, run.target_id):
        yield Problem(thing, f"it belongs to image {image.name!r} of another name or data set.", RESTORE)


def _decisions(label: Label, reviews: Sequence[Review]) -> Iterator[Problem]:
    status = _status([review.decision for review in reviews])
    vetoes = [review.vetoed_classes for review in reviews if review.decision == "veto"]
    if (label.vetoed_classes or []) != (vetoes[-1] if vetoes else []):
        problem = f"it vetoes the classes {label.vetoed_classes}, and the last decision {vetoes[-1:]}."
        yield Problem(f"label {label.id} ({label.name})", problem, "Veto them again, or restore a backup.")
    if (label.version, label.status) != (1 + len(reviews), status):
        problem = (
            f"it is {label.status} in version {label.version}, and its {len(reviews)} decisions make it "
            f"{status} in version {1 + len(reviews)}."
        )
        yield Problem(
            f"label {label.id} ({label.name})", problem, "Decide on it again, or restore a backup."
        )


def _status(decisions: Sequence[str]) -> str | None:
    """What these decisions, in this order, make of a label; None: one of them is unknown."""
    status: str | None = "unreviewed"
    for decision in decisions:
        if decision == "revise":
            # Accepted was another label than the one there is now.
            status = "unreviewed" if status == "accepted" else status
        elif decision != "veto":
            status = STATUS_OF_DECISION.get(decision)
    return status


def _set(
    thing: str, labels: Sequence[Label], round_: Round, label_set: LabelSetReport
) -> Iterator[Problem]:
    """A finished set has every image exactly once, and its totals are those of its labels."""
    orders = [label.position for label in labels]
    if orders != list(range(label_set.images)) or label_set.images != round_.image_count:
        problem = (
            f"its {label_set.images} labels of {round_.image_count} images have the orders {orders[:20]}."
        )
        yield Problem(thing, problem, RESTORE)
        return
    if len({label.image_id for label in labels}) != len(labels):
        yield Problem(thing, "an image has two labels.", RESTORE)
    last = labels[-1].report
    if (label_set.thresholds, label_set.class_values) != (last.thresholds, last.class_values):
        problem = "thresholds and class values of the set are not those of its last label."
        yield Problem(thing, problem, RESTORE)
    for name in ("kept_pixels", "predicted_pixels"):
        total = np.sum([getattr(label.report, name) for label in labels], axis=0).tolist()
        if total != getattr(label_set, f"class_{name}"):
            yield Problem(thing, f"the labels' {name} do not add up to those of the set.", RESTORE)
