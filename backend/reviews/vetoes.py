"""Classes that are not trained on: of one label, or of a whole round."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.entity_tags import asks_for
from backend.errors import PreconditionFailedError
from backend.labels.tables import Label
from backend.reviews.service import lock_for_decision, require_open
from backend.reviews.tables import Review
from backend.rounds.repository import get_round
from backend.rounds.service import etag, read_round
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.errors import UserError


def veto_in_label(
    session: Session, label_id: int, classes: Iterable[int], person: str, if_match: str | None
) -> Label:
    """Leave exactly these classes of the label out of training. A decision like any other: the list of
    decisions shows it, and If-Match must name the version it was taken on."""
    label, round_ = lock_for_decision(session, label_id, if_match)
    vetoed = _known(session, round_, classes)
    before = {"vetoed_classes": label.vetoed_classes or [], "version": label.version}
    session.add(Review(label_id=label.id, decision="veto", vetoed_classes=vetoed, reviewer=person))
    label.vetoed_classes = vetoed or None
    label.version += 1
    after = {"vetoed_classes": vetoed, "version": label.version}
    record(session, person, "label.veto", "label", label.id, before=before, after=after)
    session.flush()
    return label


def veto_in_round(
    session: Session, round_id: int, classes: Iterable[int], person: str, if_match: str | None
) -> Round:
    """Leave exactly these classes of all labels of the round out of training.

    Raises PreconditionFailedError when `if_match` is given and no longer the round's entity tag.
    """
    round_ = get_round(session, round_id)
    session.refresh(round_, with_for_update=True)
    require_open(round_)
    if if_match is not None and not asks_for(if_match, etag(session, read_round(session, round_))):
        raise PreconditionFailedError(
            f"round {round_.number} has changed since it was read.",
            where="If-Match",
            remedy=f"Read it again (GET /api/v1/rounds/{round_id}) and decide on what it is now.",
        )
    vetoed = _known(session, round_, classes)
    before, after = {"vetoed_classes": round_.vetoed_classes or []}, {"vetoed_classes": vetoed}
    round_.vetoed_classes = vetoed or None
    record(session, person, "round.veto", "round", round_id, before=before, after=after)
    session.flush()
    return round_


def _known(session: Session, round_: Round, classes: Iterable[int]) -> list[int]:
    """The ids in order, each once. Raises UserError for one that is no class."""
    space = session.get_one(Run, round_.run_id).class_space
    vetoed = sorted(set(classes))
    wrong = [c for c in vetoed if not 0 <= c < space.num_classes]
    if wrong:
        raise UserError(
            f"{wrong[0]} is no class of {space.name!r}.",
            where="classes",
            remedy=f"Its classes have the ids 0 to {space.num_classes - 1}.",
        )
    return vetoed
