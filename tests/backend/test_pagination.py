from __future__ import annotations

import base64
import json

import pytest

from backend.pagination import CursorValue, decode_cursor, encode_cursor
from hiast.contracts.errors import UserError


@pytest.mark.parametrize("values", [(3,), (0.25, 7), ("straße/ü", 1)])
def test_a_cursor_gives_back_its_values(values: tuple[CursorValue, ...]) -> None:
    assert decode_cursor(encode_cursor(*values), *map(type, values)) == list(values)


@pytest.mark.parametrize(
    "content", [3, None, "x", {}, [], ["x"], [None], [[]], [True], [1.5], [1, 2], [2**31], [-(2**31)]]
)
def test_a_cursor_of_other_values_is_refused(content: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    with pytest.raises(UserError, match="next_cursor"):
        decode_cursor(cursor, int)


@pytest.mark.parametrize("cursor", ["", "!", "nonsense", "ü", "////"])
def test_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(UserError, match="cursor"):
        decode_cursor(cursor, int)
