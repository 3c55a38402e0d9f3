"""What a round trains on: its labels with the decisions of people. No pixel is read here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, or_, select, type_coerce
from sqlalchemy.orm import Session

from backend.corrections import repository
from backend.corrections.tables import Correction
from backend.labels.tables import Label
from backend.rounds.tables import Round
from hiast.contracts.decisions import (
    DecisionTotals,
    LabelDecision,
    RoundDecisions,
    decide_label,
    total,
)

# Not the whole report: of a round with thousands of labels, reading that takes most of the time.
KEPT_PIXELS = type_coerce(Label.report, JSON)["kept_pixels"]


def fix(session: Session, round_: Round) -> None:
    """The round is approved: its training uses these decisions, also when it is started again."""
    decisions = decisions_of(session, [round_])[round_.id]
    round_.trained_decisions, round_.decision_totals = RoundDecisions(labels=decisions), total(decisions)


def decisions_for_training(session: Session, round_: Round) -> list[LabelDecision]:
    """The decisions the round's training uses: those its approval fixed, before that those of now."""
    fixed = round_.trained_decisions
    return fixed.labels if fixed is not None else decisions_of(session, [round_])[round_.id]


def totals(session: Session, rounds: Sequence[Round]) -> dict[int, DecisionTotals]:
    """What people have changed in each round, so far or until it was approved."""
    found = {row.id: row.decision_totals for row in rounds if row.decision_totals is not None}
    still = decisions_of(session, [round_ for round_ in rounds if round_.id not in found])
    return found | {round_id: total(decisions) for round_id, decisions in still.items()}


def decisions_of(session: Session, rounds: Sequence[Round]) -> dict[int, list[LabelDecision]]:
    """The decisions of each round as they are now, in labelling order; rejected labels have none."""
    vetoed = {round_.id: round_.vetoed_classes or [] for round_ in rounds}
    drawn = select(Correction.id).where(Correction.label_id == Label.id)
    query = (
        select(Label.id, Label.round_id, Label.name, Label.vetoed_classes, KEPT_PIXELS.label("kept"))
        .where(
            Label.round_id.in_(vetoed),
            Label.status != "rejected",
            or_(
                Label.vetoed_classes.is_not(None),
                Label.round_id.in_([round_id for round_id, classes in vetoed.items() if classes]),
                drawn.exists(),
            ),
        )
        .order_by(Label.round_id, Label.position)
    )
    rows = session.execute(query).all() if vetoed else []
    corrections = repository.present(session, [row.id for row in rows]) if rows else {}
    decisions: dict[int, list[LabelDecision]] = {round_id: [] for round_id in vetoed}
    for row in rows:
        decision = _decision(row, vetoed[row.round_id], corrections.get(row.id))
        if decision is not None:
            decisions[row.round_id].append(decision)
    return decisions


def _decision(row: Any, vetoed: Sequence[int], correction: Correction | None) -> LabelDecision | None:
    """Of a label as `decisions_of` asks for it, in a round with these vetoed classes."""
    return decide_label(
        row.name,
        row.kept,
        vetoed_classes=[*vetoed, *(row.vetoed_classes or [])],
        counts=correction.counts if correction else None,
        correction=correction.file if correction else None,
    )
