"""Queries about corrections."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.corrections.tables import Correction
from backend.labels.tables import Label


def newest(session: Session, label_id: int) -> Correction | None:
    """The newest version, which may be that of a deletion."""
    versions = select(Correction).where(Correction.label_id == label_id)
    return session.scalars(versions.order_by(Correction.version.desc()).limit(1)).first()


def present(session: Session, label_ids: Sequence[int]) -> dict[int, Correction]:
    """The corrections of these labels that are not deleted, by label id."""
    last = (
        select(Correction.label_id, func.max(Correction.version).label("version"))
        .where(Correction.label_id.in_(label_ids))
        .group_by(Correction.label_id)
        .subquery()
    )
    query = (
        select(Correction)
        .join(last, (Correction.label_id == last.c.label_id) & (Correction.version == last.c.version))
        .where(Correction.file.is_not(None))
    )
    return {correction.label_id: correction for correction in session.scalars(query)}


def list_versions(
    session: Session, label_id: int, *, before: int | None, limit: int
) -> tuple[Sequence[Correction], int]:
    """Versions of a label's correction, newest first, older than version `before`."""
    versions = select(Correction).where(Correction.label_id == label_id)
    total = session.scalar(select(func.count()).select_from(versions.subquery())) or 0
    if before is not None:
        versions = versions.where(Correction.version < before)
    return session.scalars(versions.order_by(Correction.version.desc()).limit(limit)).all(), total


def count_versions(session: Session, round_id: int) -> int:
    """Grows by one with everything that is drawn over, or deleted from, a label of the round."""
    of_round = select(func.count()).select_from(Correction).join(Label, Label.id == Correction.label_id)
    return session.scalar(of_round.where(Label.round_id == round_id)) or 0
