"""A round that waits for review, and the API over real HTTP asked by people with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from backend.settings import get_settings
from tests.backend.reviews.seeded_round import add_round, api_of_people
from tests.frontend_gradio.servers import free_port, serving

ClientOf = Callable[[str], httpx.Client]


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    return add_round(engine)


@pytest.fixture
def origin(
    engine: Engine,  # noqa: ARG001  (migrated)
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_DATABASE_URL", database_url)
    get_settings.cache_clear()
    with serving(api_of_people(), free_port()) as address:
        yield address
    get_settings.cache_clear()


@pytest.fixture
def client_of(origin: str, round_id: int) -> Iterator[ClientOf]:  # noqa: ARG001  (there is a round)
    """A client that asks as the person named."""
    clients: list[httpx.Client] = []

    def _client(person: str) -> httpx.Client:
        clients.append(httpx.Client(base_url=f"{origin}/api/v1", cookies={"person": person}))
        return clients[-1]

    yield _client
    for client in clients:
        client.close()
