from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from backend.database import open_engine, read_session, write_session
from backend.labels import service
from backend.labels.tables import Label
from backend.migrations import upgrade_database
from backend.pagination import CursorValue, decode_cursor, encode_cursor
from benchmarks.reviewable_round import make_round
from hiast.contracts.errors import UserError


@pytest.mark.parametrize("values", [(3,), (0.25, 7), ("straße/ü", 1)])
def test_a_cursor_gives_back_its_values(values: tuple[CursorValue, ...]) -> None:
    assert decode_cursor(encode_cursor(*values), *map(type, values)) == list(values)


@pytest.mark.parametrize(
    "content", [3, None, "x", {}, [], ["x"], [None], [[]], [True], [1.5], [1, 2], [2**31], [-(2**31)]]
)
def test_a_cursor_of_other_values_is_refused(content: object) -> None:
    packed = ["", *content] if isinstance(content, list) else content
    cursor = base64.urlsafe_b64encode(json.dumps(packed).encode()).decode()
    with pytest.raises(UserError, match="next_cursor"):
        decode_cursor(cursor, int)


@pytest.mark.parametrize("cursor", ["", "!", "nonsense", "ü", "////"])
def test_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(UserError, match="cursor"):
        decode_cursor(cursor, int)


@pytest.mark.parametrize("content", [["a\0"], ["\ud800"]])
def test_a_cursor_of_text_that_is_no_text_is_refused(content: list[str]) -> None:
    with pytest.raises(UserError, match="cursor"):
        decode_cursor(encode_cursor(*content), str)


def test_a_cursor_belongs_to_one_list() -> None:
    cursor = encode_cursor(1, of="sort=order")
    assert decode_cursor(cursor, int, of="sort=order") == [1]
    with pytest.raises(UserError, match="same sort and filters"):
        decode_cursor(cursor, int, of="sort=-order")


@given(
    st.lists(
        st.one_of(
            st.integers(-(2**31) + 1, 2**31 - 1), st.text(st.characters(codec="utf-8", min_codepoint=1))
        )
    )
)
def test_any_key_goes_through_a_cursor(values: list[CursorValue]) -> None:
    assert decode_cursor(encode_cursor(*values), *map(type, values)) == values


@given(st.text(max_size=60))
def test_no_text_makes_decoding_fail_otherwise(text: str) -> None:
    try:
        decode_cursor(text, int)
    except UserError:
        return


@pytest.fixture(scope="module")
def round_of_labels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, int, Label]]:
    """A database, a round in it, and a label of it to copy."""
    home: Path = tmp_path_factory.mktemp("pages")
    url = f"sqlite:///{home / 'studio.sqlite'}"
    upgrade_database(url)
    engine = open_engine(url)
    round_id, (label_id,) = make_round(engine, home / "artifacts", home / "photos", labels=1)
    with read_session(engine) as session:
        label = session.get_one(Label, label_id)
    yield engine, round_id, label
    engine.dispose()


def _add(engine: Engine, label: Label, positions: list[int]) -> None:
    with write_session(engine) as session:
        for position in positions:
            session.add(
                Label(
                    round_id=label.round_id,
                    image_id=label.image_id,
                    name=f"image {position * 7919 % 1000:04d}",
                    position=position,
                    # Few values, so that many labels share one.
                    kept_share=position % 3 / 4,
                    report=label.report,
                    attempt=1,
                    status="accepted" if position % 2 else "unreviewed",
                )
            )


def _page(
    engine: Engine, round_id: int, sort: str, status: str | None, limit: int, cursor: str | None
) -> Any:
    with read_session(engine) as session:
        return service.list_labels(
            session, round_id, sort=sort, status=status, class_id=None, cursor=cursor, limit=limit
        )


@settings(max_examples=60, deadline=None)
@given(
    before=st.sets(st.integers(0, 300), min_size=1, max_size=30),
    between=st.lists(st.sets(st.integers(0, 300), max_size=5), max_size=6),
    sort=st.sampled_from(["order", "-order", "kept_share", "-kept_share", "name", "-name"]),
    status=st.sampled_from([None, "accepted"]),
    limit=st.integers(1, 7),
)
def test_pages_hold_each_label_once_whatever_is_added_meanwhile(
    round_of_labels: tuple[Engine, int, Label],
    before: set[int],
    between: list[set[int]],
    sort: str,
    status: str | None,
    limit: int,
) -> None:
    engine, round_id, label = round_of_labels
    with write_session(engine) as session:
        session.execute(delete(Label).where(Label.round_id == round_id))
    _add(engine, label, sorted(before))
    with read_session(engine) as session:
        query = select(Label.id).where(Label.round_id == round_id)
        there = set(session.scalars(query if status is None else query.where(Label.status == status)))
    added, seen, values, cursor = set(before), [], [], None
    for step in range(1000):
        page = _page(engine, round_id, sort, status, limit, cursor)
        seen += [item.id for item in page.items]
        values += [getattr(item, sort.removeprefix("-")) for item in page.items]
        assert len(page.items) == limit or page.next_cursor is None
        cursor = page.next_cursor
        if cursor is None:
            break
        new = between[step] - added if step < len(between) else set()
        _add(engine, label, sorted(new))
        added |= new
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
    assert values == sorted(values, reverse=sort.startswith("-"))
    with pytest.raises(UserError, match="same sort and filters"):
        _page(engine, round_id, sort, "rejected", limit, encode_cursor(1, 1, of="another list"))


def test_the_last_page_is_known_to_be_the_last(round_of_labels: tuple[Engine, int, Label]) -> None:
    engine, round_id, label = round_of_labels
    with write_session(engine) as session:
        session.execute(delete(Label).where(Label.round_id == round_id))
    assert _page(engine, round_id, "order", None, 3, None).next_cursor is None
    _add(engine, label, [1, 2, 3, 4, 5, 6])
    first = _page(engine, round_id, "order", None, 3, None)
    second = _page(engine, round_id, "order", None, 3, first.next_cursor)
    assert ([len(page.items) for page in (first, second)], second.next_cursor) == ([3, 3], None)
    assert first.total == second.total == 6
