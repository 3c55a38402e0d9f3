"""Queries about labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Select, and_, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from backend.labels.tables import Label
from backend.pagination import CursorValue
from backend.rounds.tables import Round
from hiast.contracts.errors import NotFoundError

SORT_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "order": Label.position,
    "kept_share": Label.kept_share,
    "name": Label.name,
}


def get_label(session: Session, label_id: int) -> Label:
    """The label. Raises NotFoundError."""
    label = session.get(Label, label_id)
    if label is None:
        raise NotFoundError(
            f"label {label_id} does not exist.", remedy="GET /api/v1/rounds/{id}/labels lists a round's."
        )
    return label


def lock_label(session: Session, label_id: int) -> Label:
    """The label, locked until the transaction ends."""
    label = get_label(session, label_id)
    session.refresh(label, with_for_update=True)
    return label


def in_order(query: Select[Label], sort: str, after: tuple[CursorValue, int] | None) -> Select[Label]:
    """The labels of a query in the order of `sort` ("-" in front: descending) behind (sort value, id)."""
    column = SORT_COLUMNS[sort.removeprefix("-")]
    descending = sort.startswith("-")
    if after is not None:
        value, label_id = after
        beyond = column < value if descending else column > value
        query = query.where(or_(beyond, and_(column == value, Label.id > label_id)))
    return query.order_by(column.desc() if descending else column, Label.id)


def list_labels(
    session: Session,
    round_id: int,
    *,
    sort: str,
    status: str | None,
    class_id: int | None,
    after: tuple[CursorValue, int] | None,
    limit: int,
) -> tuple[Sequence[Label], int]:
    """Labels in the order of `sort` ("-" in front: descending) behind (sort value, id) `after`, without
    their reports."""
    query = select(Label).where(Label.round_id == round_id)
    if status is not None:
        query = query.where(Label.status == status)
    if class_id is not None:
        kept = type_coerce(Label.report, JSON)["kept_pixels"][class_id].as_integer()
        query = query.where(kept > 0)
    total = session.scalar(query.with_only_columns(func.count())) or 0
    shown = in_order(query, sort, after).options(defer(Label.report)).limit(limit)
    return session.scalars(shown).all(), total


def worst_of_class(session: Session, round_id: int, class_id: int, limit: int) -> list[Label]:
    """Labels that train on the class though the network was least sure of it: of its pixels the smallest
    share is kept. Without rejected labels and those where the class is vetoed."""
    report = type_coerce(Label.report, JSON)
    kept, predicted = (report[name][class_id].as_integer() for name in ("kept_pixels", "predicted_pixels"))
    query = (
        select(Label)
        .where(Label.round_id == round_id, Label.status != "rejected", kept > 0)
        .order_by(kept * 1.0 / predicted, Label.id)
        .options(defer(Label.report))
    )
    wanted = (label for label in session.scalars(query) if class_id not in (label.vetoed_classes or []))
    return list(islice(wanted, limit))


def neighbour_ids(session: Session, label: Label) -> tuple[int | None, int | None]:
    """The labels before and behind this one in labelling order."""
    in_round = select(Label.id).where(Label.round_id == label.round_id)
    before = in_round.where(Label.position < label.position).order_by(Label.position.desc()).limit(1)
    behind = in_round.where(Label.position > label.position).order_by(Label.position).limit(1)
    return session.scalar(before), session.scalar(behind)


def labels_of_same_image(session: Session, label: Label, run_id: int) -> Sequence[tuple[int, int, int]]:
    """Labels of the image in every round of the run: id, id of the round, its number."""
    query = (
        select(Label.id, Label.round_id, Round.number)
        .join(Round, Round.id == Label.round_id)
        .where(Round.run_id == run_id, Label.image_id == label.image_id)
        .order_by(Round.number)
    )
    return [(other_id, round_id, number) for other_id, round_id, number in session.execute(query)]
