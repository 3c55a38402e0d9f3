"""Secrets of scripts and browsers: random, shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "hs_"
"""Tells people, and scanners of leaked secrets, what they have found."""


def new_secret() -> str:
    """256 random bits as 43 characters that are safe in headers and cookies."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is stored of a secret. SHA-256: nobody can guess 256 random bits, however fast the hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
