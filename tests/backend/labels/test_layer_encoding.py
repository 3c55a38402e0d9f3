from __future__ import annotations

from pathlib import Path

import pytest
import zstandard
from fastapi.testclient import TestClient

from backend.labels.layer_encoding import packed
from benchmarks.reviewable_round import make_round

BODY = bytes(range(256)) * 100


@pytest.mark.parametrize("accepted", ["zstd", "gzip, deflate, br, zstd", "gzip;q=0.5,zstd;q=1"])
def test_a_client_that_takes_zstandard_gets_it(accepted: str) -> None:
    body, headers = packed(BODY, accepted)
    assert headers == {"Content-Encoding": "zstd", "Vary": "Accept-Encoding"}
    assert zstandard.decompress(body) == BODY


@pytest.mark.parametrize("accepted", [None, "", "gzip", "identity", "x-zstd"])
def test_others_get_the_plain_body(accepted: str | None) -> None:
    assert packed(BODY, accepted) == (BODY, {})


def test_a_small_body_is_left_alone() -> None:
    assert packed(b"small", "zstd") == (b"small", {})


def test_one_layer_travels_in_three_ways(sqlite_client: TestClient, tmp_path: Path) -> None:
    engine = sqlite_client.app.state.engine  # type: ignore[attr-defined]
    _, labels = make_round(engine, tmp_path / "artifacts", tmp_path / "photos", size=(64, 128))
    path = f"/api/v1/labels/{labels[0]}/layers/confidence?format=raw"
    answers = {
        how: sqlite_client.get(path, headers={"Accept-Encoding": how})
        for how in ("identity", "gzip", "zstd")
    }
    plain = answers["identity"].content
    # The test's client unpacks gzip alone.
    assert answers["gzip"].content == plain
    assert zstandard.decompress(answers["zstd"].content) == plain
    assert {answer.headers["etag"][:2] for answer in answers.values()} == {"W/"}
    for how in ("gzip", "zstd"):
        assert answers[how].headers["content-encoding"] == how
        assert answers[how].headers["vary"] == "Accept-Encoding"
    png = sqlite_client.get(path.replace("raw", "png"), headers={"Accept-Encoding": "gzip, zstd"})
    assert "content-encoding" not in png.headers
