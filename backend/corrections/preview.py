"""What a training sees of every class, before and after people's decisions, and beside the round before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, select, type_coerce
from sqlalchemy.orm import Session

from backend.corrections.decisions import KEPT_PIXELS, decisions_for_training
from backend.corrections.schemas import Influence, TrainedClass, TrainingPreview
from backend.labels.tables import Label
from backend.rounds.repository import get_round, previous_round
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.run_spec import LossSpec, PasteSpec
from hiast.pasting import paste_source

_PREDICTED_PIXELS: Final = type_coerce(Label.report, JSON)["predicted_pixels"]
TERMS: Final = ("seg", "kld", "entropy", "consistency")


@dataclass(frozen=True, eq=False)
class _Seen:
    """N labels of a round, of which M are trained on."""

    kept: NDArray[np.int64]
    """(N, C) as the labels were made."""
    names: list[str]
    """Of those that are trained on; likewise the following."""
    trained: NDArray[np.int64]
    """(M, C) after all decisions."""
    predicted: NDArray[np.int64]
    """(M, C)"""
    pixels: NDArray[np.int64]
    """(M,)"""
    changed: int


def training_preview(session: Session, round_id: int) -> TrainingPreview:
    """What the round's student would learn from, or has learned from, per class."""
    round_ = get_round(session, round_id)
    run = session.get_one(Run, round_.run_id)
    space, spec = run.class_space, run.spec
    seen = _seen(session, round_, space.num_classes)
    pulls = _influence(seen, spec.losses)
    before = previous_round(session, round_)
    earlier = _seen(session, before, space.num_classes) if before is not None else None
    earlier_pulls = _influence(earlier, spec.losses) if earlier is not None else None
    chances, donors = _pasted(seen, round_, spec.paste)
    return TrainingPreview(
        round_id=round_id,
        images=len(seen.names),
        rejected_images=len(seen.kept) - len(seen.names),
        changed_labels=seen.changed,
        classes=[
            TrainedClass(
                class_id=c,
                name=space.classes[c],
                kept_pixels=int(seen.kept[:, c].sum()),
                trained_pixels=int(seen.trained[:, c].sum()),
                previous_trained_pixels=int(earlier.trained[:, c].sum()) if earlier is not None else None,
                kept_images=int((seen.kept[:, c] > 0).sum()),
                trained_images=int((seen.trained[:, c] > 0).sum()),
                influence=_told(pulls, c),
                previous_influence=_told(earlier_pulls, c) if earlier_pulls is not None else None,
                paste_probability=chances[c],
                donors=donors[c],
                vetoed=c in (round_.vetoed_classes or []),
            )
            for c in range(space.num_classes)
        ],
    )


def _seen(session: Session, round_: Round, classes: int) -> _Seen:
    query = (
        select(
            Label.name,
            Label.status,
            (Label.height * Label.width).label("pixels"),
            KEPT_PIXELS.label("kept"),
            _PREDICTED_PIXELS.label("predicted"),
        )
        .where(Label.round_id == round_.id)
        .order_by(Label.position)
    )
    rows = session.execute(query).all()
    decisions = decisions_for_training(session, round_)
    decided = {decision.name: decision.kept_pixels for decision in decisions}
    used = [row for row in rows if row.status != "rejected"]

    def table(values: list[list[int]]) -> NDArray[np.int64]:
        return np.reshape(np.array(values, np.int64), (-1, classes))

    return _Seen(
        kept=table([row.kept for row in rows]),
        names=[row.name for row in used],
        trained=table([decided.get(row.name, row.kept) for row in used]),
        predicted=table([row.predicted for row in used]),
        pixels=np.array([row.pixels for row in used], np.int64),
        changed=len(decisions),
    )


def _influence(seen: _Seen, losses: LossSpec) -> NDArray[np.float64]:
    """How strongly each class pulls through each of TERMS, over all images: (4, C).

    The pixels of a region times their weight (hiast.losses.region_weights): kept ones through seg and kld,
    ignored ones, by the class predicted there, through entropy and consistency. An image whose region is
    not empty pulls λ altogether (λ/C but for seg), whatever its size.
    """
    classes = seen.trained.shape[1]
    kept = seen.trained.sum(axis=1, keepdims=True)
    ignored = np.maximum(seen.predicted - seen.trained, 0)
    of_kept = (seen.trained / np.maximum(kept, 1)).sum(axis=0)
    of_ignored = (ignored / np.maximum(seen.pixels[:, None] - kept, 1)).sum(axis=0)
    return np.stack(
        [
            losses.seg * of_kept,
            losses.kld / classes * of_kept,
            losses.entropy / classes * of_ignored,
            losses.consistency / classes * of_ignored,
        ]
    )


def _told(pulls: NDArray[np.float64], class_id: int) -> Influence:
    return Influence(**dict(zip(TERMS, pulls[:, class_id].tolist(), strict=True)))


def _pasted(seen: _Seen, round_: Round, paste: PasteSpec) -> tuple[list[float], list[int]]:
    """How likely each class is drawn for pasting, and from how many images: 0 while labels are made."""
    classes = seen.trained.shape[1]
    nothing = [0.0] * classes, [0] * classes
    if round_.label_set is None:
        return nothing
    source = paste_source(
        list(zip(seen.names, seen.trained.tolist(), strict=True)), round_.label_set, paste
    )
    if source is None:
        return nothing
    return list(source.probabilities), [len(source.candidates.get(c, ())) for c in range(classes)]
