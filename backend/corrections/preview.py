"""What a training sees of every class, before and after people's decisions."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.corrections.decisions import KEPT_PIXELS, decisions_for_training
from backend.corrections.schemas import TrainedClass, TrainingPreview
from backend.labels.tables import Label
from backend.rounds.repository import get_round
from backend.runs.tables import Run


def training_preview(session: Session, round_id: int) -> TrainingPreview:
    """What the round's student would learn from, or has learned from, per class."""
    round_ = get_round(session, round_id)
    space = session.get_one(Run, round_.run_id).class_space
    rows = session.execute(
        select(Label.name, Label.status, KEPT_PIXELS.label("kept")).where(Label.round_id == round_id)
    ).all()
    decisions = decisions_for_training(session, round_)
    decided = {decision.name: decision.kept_pixels for decision in decisions}
    used = [decided.get(row.name, row.kept) for row in rows if row.status != "rejected"]
    kept = np.reshape(np.array([row.kept for row in rows], np.int64), (-1, space.num_classes))
    trained = np.reshape(np.array(used, np.int64), (-1, space.num_classes))
    return TrainingPreview(
        round_id=round_id,
        images=len(used),
        rejected_images=len(rows) - len(used),
        changed_labels=len(decisions),
        classes=[
            TrainedClass(
                class_id=c,
                name=space.classes[c],
                kept_pixels=int(kept[:, c].sum()),
                trained_pixels=int(trained[:, c].sum()),
                kept_images=int((kept[:, c] > 0).sum()),
                trained_images=int((trained[:, c] > 0).sum()),
                vetoed=c in (round_.vetoed_classes or []),
            )
            for c in range(space.num_classes)
        ],
    )
