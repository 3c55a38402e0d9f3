"""Queries about people, tokens and sign-ins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from backend.auth.tables import SignIn, Token, User
from hiast.contracts.errors import NotFoundError


def any_user(session: Session) -> bool:
    """Is there any account, active or not?"""
    return bool(session.scalar(select(exists(select(User.id)))))


def get_user(session: Session, user_id: int) -> User:
    """The user. Raises NotFoundError."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError(f"user {user_id} does not exist.", remedy="GET /api/v1/users lists them.")
    return user


def user_named(session: Session, name: str) -> User | None:
    """The user of this name."""
    return session.scalar(select(User).where(User.name == name))


def list_users(session: Session, after: int, limit: int) -> tuple[Sequence[User], int]:
    """Users with greater ids than `after`, in order; and how many there are in all."""
    total = session.scalar(select(func.count(User.id))) or 0
    return session.scalars(select(User).where(User.id > after).order_by(User.id).limit(limit)).all(), total


def lock_active_admins(session: Session) -> Sequence[User]:
    """The admins who can work, locked, so that two changes at once cannot remove the last two."""
    query = select(User).where(User.role == "admin", User.active).order_by(User.id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def get_token(session: Session, token_id: int) -> Token:
    """The token. Raises NotFoundError."""
    token = session.get(Token, token_id)
    if token is None:
        raise NotFoundError(f"token {token_id} does not exist.", remedy="GET /api/v1/tokens lists yours.")
    return token


def list_tokens(session: Session, user_id: int, after: int, limit: int) -> tuple[Sequence[Token], int]:
    """A user's tokens with greater ids than `after`, in order; and how many there are in all."""
    query = select(Token).where(Token.user_id == user_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return session.scalars(query.where(Token.id > after).order_by(Token.id).limit(limit)).all(), total


def token_of(session: Session, digest: str) -> tuple[Token, User] | None:
    """The token with this digest and its user, valid or not."""
    query = select(Token, User).join(User, User.id == Token.user_id).where(Token.digest == digest)
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def sign_in_of(session: Session, digest: str) -> tuple[SignIn, User] | None:
    """The sign-in with this digest and its user, valid or not."""
    query = select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.digest == digest)
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def end_sign_ins(session: Session, user_id: int) -> None:
    """Sign a user out of every browser."""
    session.execute(delete(SignIn).where(SignIn.user_id == user_id))
