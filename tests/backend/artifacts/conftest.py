"""Stores of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.artifacts import open_store
from tests.servers.stores import OpenStore, open_s3, s3

__all__ = ["open_any", "open_s3", "s3"]


@pytest.fixture(params=["directory", "s3"])
def open_any(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """The same for either kind of store; a directory is opened by every machine alike."""
    if request.param == "s3":
        opened: OpenStore = request.getfixturevalue("open_s3")
        return opened
    url = f"file://{tmp_path / 'artifacts'}"
    return lambda _machine="one": open_store(url, cache=tmp_path, cache_gib=1.0, s3_endpoint=None)
