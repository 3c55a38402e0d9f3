"""What anybody may ask must not tell secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.jobs import wake_up
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings


def test_readyz_names_the_broker_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_BROKER_URL", "redis://studio:sesame@127.0.0.1:1/0")
    get_settings.cache_clear()
    wake_up._sender.cache_clear()
    upgrade_database(get_settings().resolved_database_url)
    app = create_app()
    answer = TestClient(app).get("/readyz")
    app.state.engine.dispose()
    get_settings.cache_clear()
    wake_up._sender.cache_clear()
    assert answer.status_code == 503
    assert "127.0.0.1:1" in answer.text
    assert "sesame" not in answer.text
