"""Passwords of people: argon2id, which is slow on purpose because people choose guessable ones."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash to store, with its salt and settings."""
    return _HASHER.hash(password)


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("the password of nobody")


def is_password(stored_hash: str | None, password: str) -> bool:
    """Is this the password of the hash? Without a hash: no, after as much work as with one.

    So the time of an answer does not tell whether a name exists.
    """
    hash_of_nobody = _hash_of_nobody()
    try:
        _HASHER.verify(stored_hash or hash_of_nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None
