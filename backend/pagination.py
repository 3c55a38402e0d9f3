"""Opaque cursors: a page of a list and where the next one starts."""

from __future__ import annotations

import base64
import json
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from hiast.contracts.errors import UserError

Item = TypeVar("Item")
CursorValue = int | float | str
LARGEST_ID: Final = 2**31 - 1
"""Ids are 32-bit integers in PostgreSQL."""


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None
    total: int
    """Items of the whole filtered list."""


def encode_cursor(*values: CursorValue) -> str:
    """Pack the sort key of a page's last item."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def decode_cursor(cursor: str, *kinds: type[CursorValue]) -> list[Any]:
    """Unpack a cursor: one value of each kind. Raises UserError when it is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        values = None
    # Anybody can write a cursor, and what is not of the column's kind or range would reach the database.
    fits = isinstance(values, list) and [type(value) for value in values] == list(kinds)
    if not fits or any(type(value) is int and abs(value) > LARGEST_ID for value in values):
        raise UserError(
            f"cursor {cursor!r} was not made by this list.",
            where="cursor",
            remedy="Pass next_cursor of the page before, with the same sort and filters.",
        )
    unpacked: list[Any] = values
    return unpacked
