"""What people see of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.corrections.repository import present
from backend.corrections.schemas import CorrectionRead
from backend.datasets.tables import Image
from backend.labels import repository
from backend.labels.schemas import LabelRead, LabelReference, LabelSummary
from backend.labels.tables import Label
from backend.pagination import Page, cut, decode_cursor
from backend.reviews.repository import draft_of, list_reviews, valid_claims
from backend.reviews.schemas import ClaimRead, ReviewRead
from backend.reviews.tables import LabelClaim
from backend.revisions.repository import as_in_revision
from backend.rounds.repository import get_round
from backend.runs.tables import Run
from hiast.contracts.errors import NotFoundError


def _summary_fields(label: Label, claim: LabelClaim | None, *, corrected: bool) -> dict[str, Any]:
    return {
        "id": label.id,
        "round_id": label.round_id,
        "name": label.name,
        "order": label.position,
        "status": label.status,
        "kept_share": label.kept_share,
        "height": label.height,
        "width": label.width,
        "version": label.version,
        "layers_digest": label.layers_digest,
        "corrected": corrected,
        "claim": ClaimRead.model_validate(claim, from_attributes=True) if claim else None,
    }


def summarise_labels(session: Session, labels: Sequence[Label]) -> list[LabelSummary]:
    """The labels as they travel in a list."""
    ids = [label.id for label in labels]
    claims, corrected = valid_claims(session, ids), present(session, ids)
    return [
        LabelSummary(**_summary_fields(label, claims.get(label.id), corrected=label.id in corrected))
        for label in labels
    ]


def read_label(session: Session, label: Label, person: str, revision: int | None = None) -> LabelRead:
    """The label with everything the viewer needs besides pixels, and what `person` has not sent yet.

    revision: as it is there; None: in the present one. Raises NotFoundError for one that is not there.
    """
    round_ = get_round(session, label.round_id)
    label_set = round_.label_set
    if revision is not None and revision != round_.revision:
        label_set = as_in_revision(session, label, round_, revision)
    run = session.get_one(Run, round_.run_id)
    image = session.get_one(Image, label.image_id)
    previous_id, next_id = repository.neighbour_ids(session, label)
    same_image = repository.labels_of_same_image(session, label, run.id)
    report, claim = label.report, valid_claims(session, [label.id]).get(label.id)
    correction = present(session, [label.id]).get(label.id)
    return LabelRead(
        **_summary_fields(label, claim, corrected=correction is not None),
        run_id=run.id,
        round_number=round_.number,
        revision=round_.revision if revision is None else revision,
        thresholds=report.thresholds,
        predicted_pixels=report.predicted_pixels,
        kept_pixels=report.kept_pixels,
        class_values=report.class_values,
        region_weights=report.region_weights,
        hard_classes=label_set.hard_classes if label_set else [],
        confidence_levels=run.spec.selection.codebook,
        has_ground_truth=image.label_path is not None,
        previous_id=previous_id,
        next_id=next_id,
        same_image=[
            LabelReference(id=other_id, round_id=round_id, round_number=number)
            for other_id, round_id, number in same_image
        ],
        reviews=[
            ReviewRead.model_validate(row, from_attributes=True) for row in list_reviews(session, label.id)
        ],
        vetoed_classes=label.vetoed_classes or [],
        correction=CorrectionRead.model_validate(correction, from_attributes=True) if correction else None,
        draft=draft_of(session, label.id, person),
    )


def list_labels(
    session: Session,
    round_id: int,
    *,
    sort: str,
    status: str | None,
    class_id: int | None,
    cursor: str | None,
    limit: int,
) -> Page[LabelSummary]:
    """A page of a round's labels."""
    get_round(session, round_id)
    column = repository.SORT_COLUMNS[sort.removeprefix("-")]
    after, of = None, f"sort={sort} status={status} class={class_id}"
    if cursor is not None:
        value, label_id = decode_cursor(cursor, column.type.python_type, int, of=of)
        after = (value, label_id)
    labels, total = repository.list_labels(
        session, round_id, sort=sort, status=status, class_id=class_id, after=after, limit=limit + 1
    )
    labels, next_cursor = cut(labels, limit, lambda last: (getattr(last, column.key), last.id), of=of)
    return Page(items=summarise_labels(session, labels), next_cursor=next_cursor, total=total)


def worst_labels(session: Session, round_id: int, class_id: int, limit: int) -> list[LabelSummary]:
    """Where the class is trained on and least sure. Raises NotFoundError for a class the run lacks."""
    run = session.get_one(Run, get_round(session, round_id).run_id)
    if class_id >= run.class_space.num_classes:
        raise NotFoundError(
            f"class {class_id} does not exist.",
            where=f"round {round_id}",
            remedy=f"It has classes 0 to {run.class_space.num_classes - 1}.",
        )
    return summarise_labels(session, repository.worst_of_class(session, round_id, class_id, limit))
