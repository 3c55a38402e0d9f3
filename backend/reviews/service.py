"""Recording people's decisions on labels."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.entity_tags import asks_for_version
from backend.errors import ConflictError, PreconditionFailedError, PreconditionRequiredError
from backend.labels.repository import lock_label
from backend.labels.tables import Label
from backend.reviews.repository import forget_claim, forget_draft
from backend.reviews.schemas import ReviewCreate
from backend.reviews.tables import Review
from backend.rounds.repository import get_round
from backend.rounds.tables import Round

STATUS_OF_DECISION: Final[dict[str, str]] = {
    "accept": "accepted",
    "reject": "rejected",
    "skip": "skipped",
    "reset": "unreviewed",
}


def require_open(round_: Round) -> None:
    """Raise ConflictError once the round trains on its labels."""
    if round_.state not in ("labelling", "reviewing"):
        raise ConflictError(
            f"round {round_.number} is {round_.state}; its labels cannot be decided on.",
            remedy="Wait until the revision is applied, or cancel its job."
            if round_.state == "revising"
            else "Decide on the labels of the next round.",
        )


def lock_for_decision(session: Session, label_id: int, if_match: str | None) -> tuple[Label, Round]:
    """The label, locked, and its round, if the request may decide on it.

    Raises PreconditionRequiredError without If-Match, PreconditionFailedError when another decision
    came first, ConflictError once the round trains on its labels.
    """
    label = lock_label(session, label_id)
    if if_match is None:
        raise PreconditionRequiredError(
            "a decision needs the If-Match header.",
            where="If-Match",
            remedy=f"Send the ETag of GET /api/v1/labels/{label_id}.",
        )
    if not asks_for_version(if_match, label.version):
        raise PreconditionFailedError(
            f"label {label_id} was decided on meanwhile (now {label.status}, version {label.version}).",
            where="If-Match",
            remedy="Read it again and decide on what it is now.",
        )
    round_ = get_round(session, label.round_id)
    # An approval waits for this decision, or this decision for the approval: it counts them all.
    session.refresh(round_, with_for_update={"read": True})
    require_open(round_)
    return label, round_


def decide(session: Session, label_id: int, body: ReviewCreate, person: str, if_match: str | None) -> Label:
    """Append a decision and set the label's status; the person's claim and draft have served.

    Raises what `lock_for_decision` raises.
    """
    label, _ = lock_for_decision(session, label_id, if_match)
    session.add(Review(label_id=label.id, decision=body.decision, comment=body.comment, reviewer=person))
    before = {"status": label.status, "version": label.version}
    label.status = STATUS_OF_DECISION[body.decision]
    label.version += 1
    forget_claim(session, label.id, person)
    forget_draft(session, label.id, person)
    after = {"status": label.status, "version": label.version, "comment": body.comment}
    record(session, person, f"label.{body.decision}", "label", label.id, before=before, after=after)
    session.flush()
    return label
