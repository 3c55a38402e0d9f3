"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["viewer", "reviewer", "operator", "admin"]
Permission = Literal["read", "review", "operate", "administer"]

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "reviewer": frozenset({"read", "review"}),
    "operator": frozenset({"read", "review", "operate"}),
    "admin": frozenset({"read", "review", "operate", "administer"}),
}
"""read: look at everything. review: decide on labels. operate: data sets, runs, jobs, approving a round.
administer: people, their tokens, the audit trail."""


@dataclass(frozen=True)
class Person:
    """The person behind a request."""

    name: str
    """As decisions and the audit trail record it."""
    role: Role
    permissions: frozenset[Permission]
    """Of the role, less what the token in use leaves out."""
    user_id: int | None = None
    """None: the local person of an embedded set-up without accounts."""
    by_token: bool = False
    """A script that sent a token, rather than a person in a browser."""


SET_UP: Final = "set-up"
"""As the audit trail names whoever set the admin's password on the machine itself."""
LOCAL_NAME: Final = "local"
LOCAL_PERSON: Final = Person(LOCAL_NAME, "admin", PERMISSIONS["admin"])
"""Whoever sits at the machine of an embedded set-up, before there is any account."""
