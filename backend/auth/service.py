"""What people can do with accounts and tokens."""

from __future__ import annotations

from datetime import UTC
from typing import Any, cast

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.auth import repository
from backend.auth.passwords import hash_password
from backend.auth.person import PERMISSIONS, Permission, Person, Role
from backend.auth.schemas import (
    TokenCreate,
    TokenCreated,
    TokenRead,
    UserChange,
    UserCreate,
    UserRead,
)
from backend.auth.secret import TOKEN_PREFIX, digest_of, new_secret
from backend.auth.tables import Token, User
from backend.database import now
from backend.errors import ConflictError, ForbiddenError, UnauthorizedError
from backend.pagination import Page, cut, decode_cursor
from hiast.contracts.errors import NotFoundError, UserError


def read_user(user: User) -> UserRead:
    """The user as it travels."""
    fields = {name: getattr(user, name) for name in UserRead.model_fields if name != "has_password"}
    return UserRead(**fields, has_password=user.password_hash is not None)


def list_users(session: Session, cursor: str | None, limit: int) -> Page[UserRead]:
    """A page of users, oldest first."""
    after = decode_cursor(cursor, int)[0] if cursor else 0
    users, total = repository.list_users(session, after, limit + 1)
    users, next_cursor = cut(users, limit, lambda last: (last.id,))
    return Page(items=[read_user(user) for user in users], next_cursor=next_cursor, total=total)


def create_user(session: Session, body: UserCreate, person: Person) -> User:
    """Make an account. The first one must be an admin with a password, or nobody could go on."""
    first = not repository.any_user(session)
    if person.user_id is None and not first:
        # The first account was made after this request had been let in.
        raise UnauthorizedError("there are accounts now.", remedy="Sign in.")
    if first and (body.role != "admin" or body.password is None):
        raise UserError(
            "the first account is the one that manages all others.",
            where="role" if body.role != "admin" else "password",
            remedy='Give it the role "admin" and a password of at least 10 characters.',
        )
    if repository.user_named(session, body.name) is not None:
        raise ConflictError(
            f"there is an account named {body.name!r} already.", where="name", remedy="Choose another name."
        )
    return add_user(session, body.name, body.role, body.password, person.name)


def add_user(session: Session, name: str, role: Role, password: str | None, by: str) -> User:
    """Add an account whose fields were checked, and note who made it."""
    user = User(name=name, role=role, password_hash=hash_password(password) if password else None)
    session.add(user)
    session.flush()
    record(session, by, "user.create", "user", user.id, after=_audited(user))
    return user


def _audited(user: User) -> dict[str, Any]:
    return {"name": user.name, "role": user.role, "active": user.active}


def change_user(session: Session, user_id: int, change: UserChange, person: str) -> User:
    """Change role, password or activity. Raises ConflictError when no active admin would be left."""
    admins = repository.lock_active_admins(session)
    user = repository.get_user(session, user_id)
    stays_admin = change.role in (None, "admin") and change.active is not False
    if [admin.id for admin in admins] == [user_id] and not stays_admin:
        raise ConflictError(
            f"{user.name!r} is the last active admin.",
            remedy="Make somebody else admin first; otherwise nobody could manage accounts.",
        )
    before = _audited(user)
    if change.role is not None:
        user.role = change.role
    if change.active is not None:
        user.active = change.active
    if change.password is not None:
        user.password_hash = hash_password(change.password)
    if change.password is not None or not user.active:
        repository.end_sign_ins(session, user.id)
    after = _audited(user) | ({"password": "changed"} if change.password is not None else {})
    record(session, person, "user.change", "user", user.id, before=before, after=after)
    session.flush()
    return user


def read_token(token: Token) -> TokenRead:
    """The token as it travels, without its secret."""
    return TokenRead.model_validate(token, from_attributes=True)


def list_tokens(
    session: Session, person: Person, user_id: int | None, cursor: str | None, limit: int
) -> Page[TokenRead]:
    """A page of a person's tokens, oldest first, with those that are no longer valid."""
    owner = person.user_id if user_id is None else user_id
    if owner != person.user_id and "administer" not in person.permissions:
        raise ForbiddenError("only an admin may see tokens of somebody else.", where="user")
    if owner is None:
        return Page(items=[], next_cursor=None, total=0)
    repository.get_user(session, owner)
    after = decode_cursor(cursor, int)[0] if cursor else 0
    tokens, total = repository.list_tokens(session, owner, after, limit + 1)
    tokens, next_cursor = cut(tokens, limit, lambda last: (last.id,))
    return Page(items=[read_token(token) for token in tokens], next_cursor=next_cursor, total=total)


def create_token(session: Session, body: TokenCreate, person: Person) -> TokenCreated:
    """Make a token; the answer alone holds its secret."""
    owner = _owner(session, body, person)
    scopes = sorted({"read", *body.scopes})
    missing = set(scopes) - PERMISSIONS[cast(Role, owner.role)]
    if missing:
        raise ForbiddenError(
            f"{owner.name!r} has not the permission {', '.join(sorted(missing))} itself.",
            where="scopes",
            remedy="A token has at most the permissions of its owner.",
        )
    expires_at = body.expires_at
    if expires_at is not None:
        expires_at = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
        if expires_at <= now():
            raise UserError(
                f"{expires_at.isoformat()} is over.", where="expires_at", remedy="Give a later one."
            )
    secret = TOKEN_PREFIX + new_secret()
    token = Token(
        user_id=owner.id, name=body.name, digest=digest_of(secret), scopes=scopes, expires_at=expires_at
    )
    session.add(token)
    session.flush()
    record(session, person.name, "token.create", "token", token.id, after=_audited_token(token, owner))
    return TokenCreated(**read_token(token).model_dump(), secret=secret)


def _owner(session: Session, body: TokenCreate, person: Person) -> User:
    if person.by_token:
        # Otherwise whoever finds a token could make more, which outlive its revocation.
        raise ForbiddenError("a token cannot make tokens.", remedy="Sign in and make it under Settings.")
    if body.user_id not in (None, person.user_id) and "administer" not in person.permissions:
        raise ForbiddenError("only an admin may make tokens for somebody else.", where="user_id")
    owner_id = person.user_id if body.user_id is None else body.user_id
    if owner_id is None:
        raise ConflictError(
            "a token belongs to an account, and there is none yet.",
            remedy="POST /api/v1/users makes the first one; ./studio password does, too.",
        )
    return repository.get_user(session, owner_id)


def _audited_token(token: Token, owner: User) -> dict[str, Any]:
    expires = token.expires_at.isoformat() if token.expires_at else None
    return {"name": token.name, "of": owner.name, "scopes": token.scopes, "expires_at": expires}


def revoke_token(session: Session, token_id: int, person: Person) -> None:
    """Make a token worthless, for ever. Somebody else's does not exist, except for an admin."""
    token = repository.get_token(session, token_id)
    if token.user_id != person.user_id and "administer" not in person.permissions:
        raise NotFoundError(f"token {token_id} does not exist.", remedy="GET /api/v1/tokens lists yours.")
    if token.revoked_at is not None:
        return
    token.revoked_at = now()
    owner = repository.get_user(session, token.user_id)
    record(session, person.name, "token.revoke", "token", token.id, before=_audited_token(token, owner))


def usable_permissions(role: str, scopes: list[str] | None = None) -> frozenset[Permission]:
    """The permissions of a role; of those, with `scopes`, the ones a token may use."""
    permissions = PERMISSIONS[cast(Role, role)]
    if scopes is None:
        return permissions
    return frozenset(permission for permission in permissions if permission in scopes)
