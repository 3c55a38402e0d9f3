"""The API on a database of each kind, and people with every kind of credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from backend.auth.person import PERMISSIONS, Role
from backend.auth.secret import digest_of, new_secret
from backend.auth.tables import SignIn, Token, User
from backend.database import now, write_session
from backend.jobs.upkeep import Upkeep
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings

ELSEWHERE = ("192.0.2.7", 4711)
HERE = ("127.0.0.1", 4711)


@pytest.fixture
def app(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wake_ups: list[int],  # noqa: ARG001  (no broker)
) -> Iterator[FastAPI]:
    upgrade_database(database_url)
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_DATABASE_URL", database_url)
    monkeypatch.setenv("STUDIO_UI_ORIGINS", "https://studio.example, http://other.example:8001")
    get_settings.cache_clear()
    made = create_app()
    made.state.upkeep = Upkeep(every_seconds=1)  # its thread starts with a server
    yield made
    made.state.engine.dispose()
    get_settings.cache_clear()


@dataclass
class People:
    """Makes people and what they send, straight in the database: argon2 costs time."""

    engine: Engine

    def user(self, name: str, role: Role, *, active: bool = True) -> int:
        with write_session(self.engine) as session:
            user = User(name=name, role=role, password_hash=None, active=active)
            session.add(user)
            session.flush()
            return user.id

    def cookie(self, user_id: int, *, lasts: timedelta = timedelta(hours=1)) -> dict[str, str]:
        secret = new_secret()
        with write_session(self.engine) as session:
            session.add(SignIn(user_id=user_id, digest=digest_of(secret), expires_at=now() + lasts))
        return {"Cookie": f"studio_session={secret}"}

    def token(
        self, user_id: int, *scopes: str, lasts: timedelta | None = None, revoked: bool = False
    ) -> dict[str, str]:
        secret = "hs_" + new_secret()
        with write_session(self.engine) as session:
            session.add(
                Token(
                    user_id=user_id,
                    name="t",
                    digest=digest_of(secret),
                    scopes=list(scopes or PERMISSIONS["admin"]),
                    expires_at=None if lasts is None else now() + lasts,
                    revoked_at=now() if revoked else None,
                )
            )
        return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def people(app: FastAPI) -> People:
    return People(app.state.engine)


@pytest.fixture
def client(app: FastAPI) -> Callable[..., TestClient]:
    """A client that calls from this machine, or from elsewhere."""

    def _client(*, here: bool = False) -> TestClient:
        # An error inside is answered as people would see it, not raised.
        return TestClient(app, client=HERE if here else ELSEWHERE, raise_server_exceptions=False)

    return _client
