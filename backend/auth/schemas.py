"""People, their tokens and sign-ins as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from backend.auth.person import LOCAL_NAME, SET_UP, Permission, Role

PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
NewPassword = Annotated[str, Field(min_length=10, max_length=1000)]


class UserCreate(BaseModel):
    """A new account. Without a password its person uses tokens only."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "ann", "role": "reviewer", "password": "a long sentence"}]
        },
    )

    name: PersonName
    """Decisions and the audit trail name the person by it, so it never changes."""
    role: Role
    password: NewPassword | None = None

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in (LOCAL_NAME, SET_UP):
            raise ValueError(f"{name!r} stands for whoever works on the machine itself; choose another")
        return name


class UserChange(BaseModel):
    """What to change of an account; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "operator"}]})

    role: Role | None = None
    password: NewPassword | None = None
    """A new password ends the person's sign-ins."""
    active: bool | None = None
    """False: can no longer sign in, and its tokens count for nothing."""


class UserRead(BaseModel):
    """An account."""

    id: int
    name: str
    role: Role
    active: bool
    has_password: bool
    created_at: datetime


class TokenCreate(BaseModel):
    """A new token for scripts."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "nightly export", "scopes": ["read"]}]}
    )

    name: PersonName
    """What it is for."""
    scopes: list[Permission] = ["read"]
    """Permissions it may use, of those its owner has; reading is always among them."""
    expires_at: datetime | None = None
    """Null: valid until revoked. A moment without a time zone is UTC."""
    user_id: int | None = None
    """Whose token it is; null: yours. Only an admin may make one for somebody else."""


class TokenRead(BaseModel):
    """A token, without its secret."""

    id: int
    user_id: int
    name: str
    scopes: list[Permission]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


class TokenCreated(TokenRead):
    """A token that has just been made."""

    secret: str
    """Send it as `Authorization: Bearer`. It is shown this once and cannot be read again."""


class Credentials(BaseModel):
    """Name and password of somebody who signs in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ann", "password": "a long sentence"}]}
    )

    name: PersonName
    password: Annotated[str, Field(max_length=1000)]


class PasswordChange(BaseModel):
    """Somebody's own new password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"present": "a long sentence", "new": "another long sentence"}]},
    )

    present: Annotated[str, Field(max_length=1000)]
    new: NewPassword


class WhoAmI(BaseModel):
    """The person who asks."""

    name: str
    role: Role
    permissions: list[Permission]
    local: bool
    """True: whoever sits at the machine; there are no accounts."""
    user_id: int | None
