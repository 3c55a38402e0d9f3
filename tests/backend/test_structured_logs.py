"""The logs of a real API process: one JSON object a line, and nothing secret in any of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.migrations import upgrade_database
from tests.end_to_end.studio_process import free_port

pytestmark = pytest.mark.services
BREAK = """
import backend.main, backend.runs.service, uvicorn, sys
def broken(*_, **__): raise ZeroDivisionError("a fault")
backend.runs.service.list_runs = broken
uvicorn.run(backend.main.create_app, factory=True, port=int(sys.argv[1]), server_header=False)
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Lines of the log, parsed, and its text, after a few requests and a clean end."""
    home, port = tmp_path_factory.mktemp("logs"), free_port()
    upgrade_database(f"sqlite:///{home / 'studio.sqlite'}")
    environment = {**os.environ, "STUDIO_HOME": str(home), "STUDIO_BROKER_URL": "redis://127.0.0.1:1/0"}
    log = home / "api.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", BREAK, str(port)], env=environment, stdout=stream, stderr=stream
        )
    try:
        _ask(f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    yield _parsed(log), log.read_text()


def _ask(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        deadline = time.monotonic() + 60
        while True:
            try:
                client.get("/healthz")
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        answer = client.get("/api/v1/datasets/7/images", headers={"X-Request-ID": "from-outside_1"})
        assert answer.headers["x-request-id"] == "from-outside_1"
        assert "server" not in answer.headers
        answer = client.get("/api/v1/jobs", headers={"X-Request-ID": 'bad" id\t' + "x" * 100})
        assert answer.headers["x-request-id"].isalnum()
        client.get(
            "/api/v1/jobs?cursor=secret-query",
            headers={"Authorization": "Bearer secret-token", "Cookie": "session=secret-cookie"},
        )
        body = {"recipe": "secret-body", "name": "n"}
        client.post("/api/v1/runs", json=body, headers={"Idempotency-Key": "secret-key"})
        assert client.get("/api/v1/runs").status_code == 500


def _parsed(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def _requests(logged: tuple[list[dict[str, Any]], str]) -> list[dict[str, Any]]:
    return [line for line in logged[0] if line["event"] == "request"]


def test_every_line_is_json_with_time_and_level(logged: tuple[list[dict[str, Any]], str]) -> None:
    assert all({"event", "level", "timestamp"} <= set(line) for line in logged[0])
    # uvicorn's own lines take the same way.
    assert any(line.get("logger") == "uvicorn.error" for line in logged[0])


def test_a_request_is_one_line(logged: tuple[list[dict[str, Any]], str]) -> None:
    requests = _requests(logged)
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("GET", "/api/v1/datasets/{dataset_id}/images", 404),
        ("GET", "/api/v1/jobs", 200),
        ("GET", "/api/v1/jobs", 401),
        ("POST", "/api/v1/runs", 404),
        ("GET", "/api/v1/runs", 500),
    ]
    assert requests[0]["request_id"] == "from-outside_1"
    assert requests[0]["dataset_id"] == "7"
    assert len({line["request_id"] for line in requests}) == 5
    assert requests[3]["person"] == "local"
    assert all(line["milliseconds"] >= 0 for line in requests)


def test_nothing_secret_is_logged(logged: tuple[list[dict[str, Any]], str]) -> None:
    for part in ("query", "token", "cookie", "body", "key"):
        assert f"secret-{part}" not in logged[1]
    assert "?" not in "".join(line["route"] for line in _requests(logged))


def test_a_fault_is_logged_with_its_traceback_and_the_id_of_its_request(
    logged: tuple[list[dict[str, Any]], str],
) -> None:
    faults = [line for line in logged[0] if line["event"] == "request.failed"]
    assert len(faults) == 1
    assert faults[0]["request_id"] == _requests(logged)[-1]["request_id"]
    assert "ZeroDivisionError: a fault" in faults[0]["exception"]
    assert logged[1].count("Traceback") == 1
