"""Opaque cursors: a page of a list and where the next one starts."""

from __future__ import annotations

import base64
import json
from typing import Generic, TypeVar

from pydantic import BaseModel

from hiast.contracts.errors import UserError

Item = TypeVar("Item")
CursorValue = int | float | str


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None
    total: int
    """Items of the whole filtered list."""


def encode_cursor(*values: CursorValue) -> str:
    """Pack the sort key of a page's last item."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def decode_cursor(cursor: str, length: int) -> list[CursorValue]:
    """Unpack a cursor of `length` values. Raises UserError when it is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise UserError(
            f"cursor {cursor!r} was not made by this list.",
            where="cursor",
            remedy="Pass next_cursor of the page before, with the same sort and filters.",
        )
    return values
