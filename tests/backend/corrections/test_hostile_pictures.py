"""What is no correction is refused in words, and leaves nothing behind."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image as Picture
from sqlalchemy import Engine, func, select

from backend.artifacts import corrections_key
from backend.corrections.tables import Correction
from backend.database import read_session
from backend.request_limits import LARGEST_PICTURE
from tests.backend.corrections.conftest import Draw, drawing
from tests.backend.reviews.conftest import ClientOf
from tests.backend.reviews.seeded_round import SIZE
from tests.hiast.data.test_corrections import bomb

# What is refused here never reaches the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _png(mode: str, size: tuple[int, int] = (SIZE, SIZE)) -> bytes:
    out = io.BytesIO()
    Picture.new(mode, size).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(autouse=True)
def _nothing_is_left(engine: Engine, tmp_path: Path) -> Iterator[None]:
    yield
    assert not list((tmp_path / "artifacts" / corrections_key(1, 1)).rglob("*.*"))
    with read_session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Correction)) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PNG"),
        (b'{"a": 1}', "no PNG"),
        (_png("RGBA"), "8-bit colour with alpha"),
        (_png("RGB"), "8-bit colour"),
        (_png("P"), "palette"),
        (_png("I;16"), "16-bit grey"),
        (_png("1"), "1-bit grey"),
        (_png("L", (SIZE + 1, SIZE)), "11×10 pixels, the label 10×10"),
        (_png("L", (SIZE, SIZE - 1)), "10×9 pixels"),
        (bomb(60_000, 60_000), "60000×60000"),
        (bomb(2**31 - 1, 2**31 - 1), "2147483647×2147483647"),
        (_png("L")[:-20], "cut short"),
        (_png("L") + b"<script>", "something follows"),
    ],
    ids=range(13),
)
def test_another_kind_of_picture_is_refused(draw: Draw, content: bytes, words: str) -> None:
    answer = draw(1, content)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]
    assert "8-bit grey" in answer.json()["detail"]


@pytest.mark.parametrize("value", [2, 100, 253])
def test_a_value_that_is_no_class_is_named_with_its_place(draw: Draw, value: int) -> None:
    pixels = drawing()
    pixels[3, 7], pixels[9, 9] = value, value
    answer = draw(1, pixels)
    assert answer.status_code == 422
    assert f"row 3, column 7 has the value {value}" in answer.json()["detail"]
    assert "0 to 1" in answer.json()["detail"]


def test_only_a_png_is_taken(draw: Draw) -> None:
    for kind in ("application/octet-stream", "text/html", "application/json", "image/jpeg", ""):
        answer = draw(1, drawing(), kind=kind)
        assert answer.status_code in (400, 415), kind
    assert (
        "Send a PNG with Content-Type: image/png" in draw(1, drawing(), kind="image/jpeg").json()["detail"]
    )


def test_more_than_a_correction_can_be_is_not_read(client_of: ClientOf) -> None:
    ann, large = client_of("ann"), bytes(LARGEST_PICTURE + 1)
    headers = {"If-Match": '"0"', "Content-Type": "image/png"}

    def _unannounced() -> Iterator[bytes]:
        for _ in range(17):
            yield bytes(1024 * 1024)

    for content in (large, _unannounced()):
        answer = ann.put("/labels/1/correction", content=content, headers=headers)
        assert answer.status_code == 413, answer.text
        assert f"{LARGEST_PICTURE:,}" in answer.json()["detail"]
    within = ann.put("/labels/1/correction", content=large[:-1], headers=headers)
    assert (within.status_code, "no PNG" in within.text) == (422, True)


def test_everywhere_else_bodies_stay_small(client_of: ClientOf) -> None:
    ann, body = client_of("ann"), bytes(1024 * 1024 + 1)
    said = {"Content-Type": "image/png"}
    answers = [
        ann.put("/labels/1/draft", content=body, headers=said),
        ann.post("/labels/1/correction", content=body, headers=said),
        ann.put("/labels/1/correction/", content=body, headers=said),
        ann.put("/labels/x/correction", content=body, headers=said),
        ann.put("/labels/1/correction", content=body, headers={"Content-Type": "application/json"}),
    ]
    assert [answer.status_code for answer in answers] == [413] * 5


def test_a_path_that_leads_out_finds_nothing(client_of: ClientOf) -> None:
    ann, headers = client_of("ann"), {"If-Match": '"0"', "Content-Type": "image/png"}
    for label in ("..%2f..%2fetc", "0", "-1", "99999999999", "1%00", "99", "%2e%2e"):
        path = httpx.URL(f"{ann.base_url}labels/{label}/correction")
        answer = ann.put(path, content=_png("L"), headers=headers)
        assert answer.status_code in (404, 405, 422), (label, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_vetoes_of_what_is_no_class_are_refused(client_of: ClientOf) -> None:
    ann = client_of("ann")
    for classes in (
        [2], [-1], [0] * 255, ["road"], [1.5], None, {}, [2**63 - 1]
    ):  # fmt: skip
        for path, headers in (("/labels/1/vetoes", {"If-Match": '"1"'}), ("/rounds/1/vetoes", {})):
            answer = ann.put(path, json={"classes": classes}, headers=headers)
            assert answer.status_code == 422, (path, classes, answer.text)
    answer = ann.put("/labels/1/vetoes", json={"classes": [7]}, headers={"If-Match": '"1"'})
    assert "7 is no class of 'two'" in answer.json()["detail"]
    assert json.loads(answer.text)["errors"][0]["field"] == "classes"
