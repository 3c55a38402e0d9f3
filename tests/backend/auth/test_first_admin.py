"""The account that set-ups make by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from backend.auth.first_admin import make_from_settings
from backend.settings import Settings, get_settings
from hiast.contracts.errors import UserError
from tests.backend.auth.conftest import People

# Nothing here depends on the kind of database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Client = Callable[..., TestClient]
SESSION = "/api/v1/session"


def _run(database_url: str, *arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend.auth.first_admin", *arguments],
        input=password,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={
            name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")
        } | {"STUDIO_DATABASE_URL": database_url},
    )  # fmt: skip


def test_the_api_makes_the_admin_it_is_told_when_it_starts(
    app: FastAPI, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_ADMIN_PASSWORD", "first password")
    get_settings.cache_clear()
    with TestClient(app):
        answer = client().post(SESSION, json={"name": "admin", "password": "first password"})
    assert answer.json()["role"] == "admin"


def test_where_there_are_accounts_the_setting_changes_nothing(app: FastAPI, people: People) -> None:
    people.user("ada", "viewer")
    settings = Settings(admin_password=SecretStr("first password"))
    assert "first password" not in repr(settings)
    make_from_settings(app.state.engine, settings)
    assert people.user("admin", "viewer") == 2


def test_a_short_password_stops_the_start(app: FastAPI) -> None:
    with pytest.raises(UserError, match="STUDIO_ADMIN_PASSWORD: the password has 5 characters"):
        make_from_settings(app.state.engine, Settings(admin_password=SecretStr("short")))


def test_the_command_makes_the_admin_and_gives_it_a_new_password(
    app: FastAPI, database_url: str, client: Client
) -> None:
    assert _run(database_url, "--check").returncode == 1
    for password in ("first password\n", "second password"):
        done = _run(database_url, password=password)
        assert done.returncode == 0, done.stderr
        assert password.strip() not in done.stdout + done.stderr
    assert _run(database_url, "--check").returncode == 0
    codes = [
        client().post(SESSION, json={"name": "admin", "password": password}).status_code
        for password in ("first password", "second password")
    ]
    assert codes == [401, 201]
    assert app.state.engine is not None


def test_the_command_refuses_a_short_password(app: FastAPI, database_url: str) -> None:
    done = _run(database_url, password="short\n")
    assert done.returncode == 2
    assert "at least 10" in done.stderr
    assert _run(database_url, "--check").returncode == 1
    assert app.state.engine is not None
