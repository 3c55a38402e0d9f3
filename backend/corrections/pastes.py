"""What a round's training will paste, or has pasted, into one image: drawn as the training draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.corrections.decisions import KEPT_PIXELS, decisions_for_training
from backend.corrections.schemas import PasteDonor, PasteUse, PlannedPastes
from backend.datasets.tables import Image
from backend.errors import ConflictError
from backend.labels.repository import get_label
from backend.labels.tables import Label
from backend.rounds.repository import get_round
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.run_spec import RunSpec
from hiast.pasting import PasteSource, donors_for, paste_source
from hiast.pasting.draws import draws_of_image

MOST_USES = 50
"""Uses of one image that are told; a long training sees it far more often."""


class _Trained(NamedTuple):
    """A label that is trained on."""

    label_id: int
    name: str
    position: int
    """Of its image in the data set."""
    kept_pixels: Sequence[int]


def planned_pastes(session: Session, label_id: int) -> PlannedPastes:
    """The uses of a label's image in training, in order, and the donors of each.

    Exact for decisions as they are now, or as they were when the round was approved. Raises ConflictError
    before all images are labelled.
    """
    label = get_label(session, label_id)
    round_ = get_round(session, label.round_id)
    if round_.label_set is None:
        raise ConflictError(
            f"round {round_.number} is still being labelled.",
            where="label",
            remedy="Which classes are pasted is known when all images are labelled.",
        )
    spec = session.get_one(Run, round_.run_id).spec
    trained = _trained(session, round_)
    paste = paste_source([(one.name, one.kept_pixels) for one in trained], round_.label_set, spec.paste)
    uses: list[PasteUse] = []
    if any(one.label_id == label_id for one in trained):
        uses = _uses(label_id, trained, paste, spec, round_.number)
    total = spec.training.iterations * spec.training.batch_size
    return PlannedPastes(
        label_id=label_id,
        hard_classes=round_.label_set.hard_classes,
        probabilities=list(paste.probabilities) if paste else [],
        images=len(trained),
        draws=total,
        uses=uses,
    )


def _trained(session: Session, round_: Round) -> list[_Trained]:
    """The labels that are trained on, in labelling order, with what is left after all decisions."""
    decisions = decisions_for_training(session, round_)
    decided = {decision.name: decision.kept_pixels for decision in decisions}
    query = (
        select(Label.id, Label.name, Image.position, KEPT_PIXELS.label("kept"))
        .join(Image, Image.id == Label.image_id)
        .where(Label.round_id == round_.id, Label.status != "rejected")
        .order_by(Label.position)
    )
    rows = session.execute(query)
    return [_Trained(row.id, row.name, row.position, decided.get(row.name, row.kept)) for row in rows]


def _uses(
    label_id: int, trained: list[_Trained], paste: PasteSource | None, spec: RunSpec, number: int
) -> list[PasteUse]:
    # A training counts its images in the order of the data set, not in that of labelling.
    in_order = sorted(trained, key=lambda one: one.position)
    index = next(i for i, one in enumerate(in_order) if one.label_id == label_id)
    present = [c for c, pixels in enumerate(in_order[index].kept_pixels) if pixels]
    label_of = {one.name: one.label_id for one in trained}
    seed, batch = (spec.seed, number), spec.training.batch_size
    draws = draws_of_image(seed, index, len(trained), spec.training.iterations * batch, most=MOST_USES)
    uses = []
    for draw in draws:
        iteration, place = divmod(draw, batch)
        donors = donors_for(paste, seed, iteration, place, present) if paste else []
        told = [PasteDonor(class_id=d.class_id, image=d.image, label_id=label_of[d.image]) for d in donors]
        uses.append(PasteUse(iteration=iteration, place=place, donors=told))
    return uses
