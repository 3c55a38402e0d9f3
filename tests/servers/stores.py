"""Fixtures that open artifact stores on a real S3 server; conftest files take them over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.artifacts import ArtifactStore, open_store
from tests.servers.ports import free_port
from tests.servers.s3 import CREDENTIALS, S3Server

OpenStore = Callable[..., ArtifactStore]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    server = S3Server(free_port())
    server.start()
    server.create_bucket("studio")
    yield server
    server.stop()


@pytest.fixture
def open_s3(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenStore:
    """Opens the store as a process of the machine that has this cache; one prefix a test."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    url = f"s3://studio/of/test{next(_numbers)}"

    def opened(machine: str = "one", *, gib: float = 1.0) -> ArtifactStore:
        return open_store(url, cache=tmp_path / machine, cache_gib=gib, s3_endpoint=s3.endpoint)

    return opened
