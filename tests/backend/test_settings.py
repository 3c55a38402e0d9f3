from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"STUDIO_{field.upper()}", raising=False)


def test_home_alone_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    settings = Settings()
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/studio.sqlite"
    assert settings.resolved_broker_url == f"redis+socket://{tmp_path}/valkey.sock"
    assert settings.resolved_artifacts_url == f"file://{tmp_path}/artifacts"
    assert settings.cache_directory == tmp_path / "cache"
    assert settings.allowed_data_roots == []


def test_addresses_of_servers_win_over_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql+psycopg://db/studio")
    monkeypatch.setenv("STUDIO_DATA_ROOTS", "/data:/more")
    settings = Settings()
    assert settings.resolved_database_url == "postgresql+psycopg://db/studio"
    assert settings.allowed_data_roots == [Path("/data"), Path("/more")]


@pytest.mark.parametrize(
    "name", ["LEASE_SECONDS", "POLL_SECONDS", "UPKEEP_SECONDS", "JOB_THREADS", "CACHE_GIB"]
)
def test_times_and_threads_must_be_positive(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"STUDIO_{name}", "0")
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
