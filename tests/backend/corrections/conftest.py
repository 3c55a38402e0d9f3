"""A round that waits for review, with files that fit its reports, and people who draw over its labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from backend.artifacts import labels_key
from hiast.data.corrections import encode_correction
from hiast.data.label_files import write_label_files
from tests.backend.reviews.conftest import ClientOf, client_of, origin
from tests.backend.reviews.seeded_round import CLASSES, LABELS, SIZE, add_round
from tests.servers.stores import open_s3, s3

__all__ = ["client_of", "open_s3", "origin", "s3"]

Draw = Callable[..., httpx.Response]
UNTOUCHED, IGNORED = 255, 254


def kept(order: int) -> NDArray[np.uint8]:
    """The kept label of that place in the order: |order − 4| columns of class 0 are kept."""
    columns = np.full(SIZE, 255, np.uint8)
    columns[: 2 * abs(order - 4) : 2] = 0
    return np.tile(columns, (SIZE, 1))


def write_labels(artifacts: Path) -> None:
    """The label files of `add_round`, as its reports say."""
    for order in range(LABELS):
        write_label_files(
            artifacts / labels_key(1, 1),
            f"i{order}",
            prediction=np.tile(np.arange(SIZE, dtype=np.uint8) % 2, (SIZE, 1)),
            codes=np.full((SIZE, SIZE), 2000, np.uint16),
            reason=(kept(order) == 255).astype(np.uint8),
            classes=CLASSES,
            codebook="log12",
        )


def drawing(**rows: int) -> NDArray[np.uint8]:
    """A correction: drawing(r0=1, r3=254) has class 1 in row 0 and takes row 3 away."""
    pixels = np.full((SIZE, SIZE), UNTOUCHED, np.uint8)
    for name, value in rows.items():
        pixels[int(name[1:])] = value
    return pixels


@pytest.fixture
def round_id(engine: Engine, tmp_path: Path, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    write_labels(tmp_path / "artifacts")
    return add_round(engine)


@pytest.fixture
def draw(client_of: ClientOf) -> Draw:
    """Somebody draws over a label; what they send and from which version can be chosen."""

    def _draw(
        label_id: int,
        pixels: NDArray[np.uint8] | bytes,
        version: int | None = 0,
        person: str = "ann",
        kind: str = "image/png",
    ) -> httpx.Response:
        content = pixels if isinstance(pixels, bytes) else encode_correction(pixels)
        headers = {"Content-Type": kind}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return client_of(person).put(f"/labels/{label_id}/correction", content=content, headers=headers)

    return _draw
