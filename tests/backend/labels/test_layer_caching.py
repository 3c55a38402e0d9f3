"""Layers are rendered once: a browser that has them asks, and is told so without rendering."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from backend.database import write_session
from backend.entity_tags import is_known
from backend.labels.tables import Label
from backend.rounds.tables import Round
from benchmarks.reviewable_round import make_round

STORED = ("prediction", "kept", "confidence", "reason", "hard-class", "region-weight")
OF_THE_DATA_SET = ("image", "ground-truth")


@pytest.fixture
def label_id(sqlite_client: TestClient, tmp_path: Path) -> int:
    _, labels = make_round(_engine(sqlite_client), tmp_path / "artifacts", tmp_path / "photos")
    return labels[0]


def _engine(client: TestClient) -> Engine:
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    return engine


def test_an_unchanged_layer_is_not_rendered_again(
    sqlite_client: TestClient, label_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        f"/api/v1/labels/{label_id}/layers/{layer}?format={form}"
        for layer in (*STORED, *OF_THE_DATA_SET)
        for form in ("png", "raw")
    ]
    tags = {path: sqlite_client.get(path).headers["etag"] for path in paths}
    # All differ but those of the photo, which is one file whatever is asked for.
    assert len(set(tags.values())) == len(paths) - 1

    def _rendered(*_: object, **__: object) -> None:
        raise AssertionError("rendered")

    monkeypatch.setattr("backend.labels.layers.render", _rendered)
    for path, tag in tags.items():
        answer = sqlite_client.get(path, headers={"If-None-Match": f'"x", {tag}'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag


def test_only_the_present_digest_is_kept_for_ever(sqlite_client: TestClient, label_id: int) -> None:
    digest = sqlite_client.get(f"/api/v1/labels/{label_id}").json()["layers_digest"]
    for layer in STORED:
        path = f"/api/v1/labels/{label_id}/layers/{layer}"
        assert "immutable" in sqlite_client.get(path, params={"v": digest}).headers["cache-control"]
        for wrong in ({"v": "1-0-old"}, {"v": ""}, {}):
            answer = sqlite_client.get(path, params=wrong)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    for layer in OF_THE_DATA_SET:
        answer = sqlite_client.get(f"/api/v1/labels/{label_id}/layers/{layer}", params={"v": digest})
        assert answer.headers["cache-control"] == "private, max-age=60"


def test_a_label_written_again_has_other_tags_and_another_digest(
    sqlite_client: TestClient, label_id: int
) -> None:
    path = f"/api/v1/labels/{label_id}/layers/kept"
    before = sqlite_client.get(path).headers["etag"]
    with write_session(_engine(sqlite_client)) as session:
        label = session.get_one(Label, label_id)
        label.report = label.report.model_copy(update={"thresholds": [0.5] * 19})
    answer = sqlite_client.get(path, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


def test_hard_classes_are_settled_when_all_images_are_labelled(
    sqlite_client: TestClient, label_id: int
) -> None:
    path = f"/api/v1/labels/{label_id}/layers/hard-class"
    digest = sqlite_client.get(f"/api/v1/labels/{label_id}").json()["layers_digest"]
    with write_session(_engine(sqlite_client)) as session:
        round_ = session.get_one(Round, session.get_one(Label, label_id).round_id)
        label_set, round_.label_set = round_.label_set, None
    early = sqlite_client.get(path, params={"v": digest})
    assert early.headers["cache-control"] == "private, no-cache"
    with write_session(_engine(sqlite_client)) as session:
        session.get_one(Round, round_.id).label_set = label_set
    later = sqlite_client.get(path, params={"v": digest}, headers={"If-None-Match": early.headers["etag"]})
    assert later.status_code == 200
    assert "immutable" in later.headers["cache-control"]


def test_a_mended_photo_is_sent_again(sqlite_client: TestClient, label_id: int, tmp_path: Path) -> None:
    path = f"/api/v1/labels/{label_id}/layers/image"
    tag = sqlite_client.get(path).headers["etag"]
    assert sqlite_client.get(path, headers={"If-None-Match": tag}).status_code == 304
    photo = tmp_path / "photos/images/photo_0000.jpg"
    photo.write_bytes(photo.read_bytes() + b"\0")
    assert sqlite_client.get(path, headers={"If-None-Match": tag}).status_code == 200
    photo.unlink()
    assert sqlite_client.get(path, headers={"If-None-Match": tag}).status_code == 404


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ('"b"', False),
        ("", False),
        ('a"', False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, known: bool) -> None:
    assert is_known('W/"a"', header) is known
