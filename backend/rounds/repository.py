"""Queries about rounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.labels.tables import Label
from backend.rounds.tables import Round
from hiast.contracts.errors import NotFoundError


def get_round(session: Session, round_id: int) -> Round:
    """The round. Raises NotFoundError."""
    round_ = session.get(Round, round_id)
    if round_ is None:
        raise NotFoundError(f"round {round_id} does not exist.", remedy="GET /api/v1/runs lists them all.")
    return round_


def previous_round(session: Session, round_: Round) -> Round | None:
    """The round before, in the same run."""
    return session.scalar(
        select(Round).where(Round.run_id == round_.run_id, Round.number == round_.number - 1)
    )


def count_by_status(session: Session, round_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Labels per review status, of each round."""
    counts: dict[int, dict[str, int]] = {round_id: {} for round_id in round_ids}
    query = (
        select(Label.round_id, Label.status, func.count())
        .where(Label.round_id.in_(round_ids))
        .group_by(Label.round_id, Label.status)
    )
    for round_id, status, count in session.execute(query):
        counts[round_id][status] = count
    return counts


def sum_of_versions(session: Session, round_id: int) -> int:
    """Grows by one with every decision on a label of the round, and with every new label."""
    return session.scalar(select(func.sum(Label.version)).where(Label.round_id == round_id)) or 0


def labels_in_order(session: Session, round_id: int) -> Sequence[Label]:
    """All labels of a round, in labelling order."""
    return session.scalars(select(Label).where(Label.round_id == round_id).order_by(Label.position)).all()
