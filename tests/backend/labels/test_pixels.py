"""All stored pixels of a label in one answer."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import zstandard
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from backend.labels.pixels import HEADER, MAGIC, VERSION
from benchmarks.reviewable_round import make_round
from hiast.data import label_files
from hiast.selection import Codebook

SIZE = (64, 96)


@pytest.fixture
def label_id(sqlite_client: TestClient, tmp_path: Path) -> int:
    engine = sqlite_client.app.state.engine  # type: ignore[attr-defined]
    _, labels = make_round(engine, tmp_path / "artifacts", tmp_path / "photos", size=SIZE)
    return labels[0]


def _stream(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(body)


def _codes(planes: bytes) -> NDArray[np.uint16]:
    low, high = np.frombuffer(planes, np.uint8).reshape(2, *SIZE).astype(np.uint16)
    return np.cumsum(low + 256 * high, axis=1, dtype=np.uint16)


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "identity"])
def test_the_parts_are_what_was_stored(
    sqlite_client: TestClient, label_id: int, tmp_path: Path, encoding: str
) -> None:
    path = f"/api/v1/labels/{label_id}/pixels"
    answer = sqlite_client.get(path, headers={"Accept-Encoding": encoding})
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    body = _stream(answer.content) if encoding == "zstd" else answer.content
    magic, version, height, width, *lengths = HEADER.unpack_from(body)
    assert (magic, version, (height, width)) == (MAGIC, VERSION, SIZE)
    assert len(body) == HEADER.size + sum(lengths)
    ends = np.cumsum([HEADER.size, *lengths])
    prediction, reason, codes = (body[start:end] for start, end in zip(ends, ends[1:], strict=False))
    directory = next((tmp_path / "artifacts").rglob("*.prediction.png")).parent
    name = "photo_0000"
    for content, read in ((prediction, label_files.read_prediction), (reason, label_files.read_reason)):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), read(directory, name))
    np.testing.assert_array_equal(_codes(codes), label_files.read_codes(directory, name)[0])


def test_what_is_known_is_not_sent_again(sqlite_client: TestClient, label_id: int) -> None:
    path = f"/api/v1/labels/{label_id}/pixels"
    digest = sqlite_client.get(f"/api/v1/labels/{label_id}").json()["layers_digest"]
    answer = sqlite_client.get(path, params={"v": digest})
    assert "immutable" in answer.headers["cache-control"]
    assert sqlite_client.get(path, params={"v": "old"}).headers["cache-control"] == "private, no-cache"
    again = sqlite_client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("damage", [b"", b"HSCC", b"other" * 20])
def test_a_damaged_file_is_named(
    sqlite_client: TestClient, label_id: int, tmp_path: Path, damage: bytes
) -> None:
    next((tmp_path / "artifacts").rglob("photo_0000.confidence.zst")).write_bytes(damage)
    answer = sqlite_client.get(f"/api/v1/labels/{label_id}/pixels")
    assert answer.status_code == 422
    assert "confidence file is damaged" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["log12", "float16"])
def test_a_codebook_is_the_table_labels_are_made_with(sqlite_client: TestClient, name: str) -> None:
    answer = sqlite_client.get(f"/api/v1/codebooks/{name}")
    assert "immutable" in answer.headers["cache-control"]
    np.testing.assert_array_equal(np.frombuffer(answer.content, "<f8"), Codebook.named(name).levels)


def test_an_unknown_codebook_is_refused(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/api/v1/codebooks/log13").status_code == 422
