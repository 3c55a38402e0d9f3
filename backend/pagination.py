"""Opaque cursors: a page of a list and where the next one starts."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from hiast.contracts.errors import UserError

Item = TypeVar("Item")
Row = TypeVar("Row")
CursorValue = int | float | str
LARGEST_ID: Final = 2**31 - 1
"""Ids are 32-bit integers in PostgreSQL."""


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None
    total: int
    """Items of the whole filtered list."""


def encode_cursor(*values: CursorValue, of: str = "") -> str:
    """Pack the sort key of a page's last item; `of` names the list: its sort and filters."""
    return base64.urlsafe_b64encode(json.dumps([of, *values]).encode()).decode()


def decode_cursor(cursor: str, *kinds: type[CursorValue], of: str = "") -> list[Any]:
    """Unpack a cursor: one value of each kind. Raises UserError when it is not one of this list."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError):
        values = None
    # Anybody can write a cursor, and what is not of the column's kind or range would reach the database.
    fits = isinstance(values, list) and [type(value) for value in values] == [str, *kinds]
    if not fits or values[0] != of or not all(map(_is_storable, values)):
        raise UserError(
            f"cursor {cursor!r} was not made by this list.",
            where="cursor",
            remedy="Pass next_cursor of the page before, with the same sort and filters.",
        )
    unpacked: list[Any] = values[1:]
    return unpacked


def _is_storable(value: CursorValue) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return math.isfinite(value) and abs(value) <= LARGEST_ID


def cut(
    rows: Sequence[Row], limit: int, key: Callable[[Row], tuple[CursorValue, ...]], *, of: str = ""
) -> tuple[Sequence[Row], str | None]:
    """The first `limit` rows, and the cursor behind them: None when there are no more.

    Ask the database for one row more than a page holds, so that the last page is known to be the last.
    """
    page = rows[:limit]
    return page, encode_cursor(*key(page[-1]), of=of) if len(rows) > limit else None
