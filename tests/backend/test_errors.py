"""Whatever goes wrong, the answer is a problem that says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from backend.errors import ConflictError
from hiast.contracts.errors import UserError

JSON = {"Content-Type": "application/json"}


def _problem(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(content)
    assert content["status"] == status
    for word in words:
        assert word in content["detail"], content["detail"]
    return content


def test_an_unknown_address_says_where_the_known_ones_are(sqlite_client: TestClient) -> None:
    content = _problem(sqlite_client.get("/api/v1/nothing/ü"), 404, "/api/docs")
    assert content["instance"] == "/api/v1/nothing/%C3%BC"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/runs", "GET, HEAD, OPTIONS, POST"),
        ("PUT", "/api/v1/datasets/1", "DELETE, GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/runs/1/cancel", "OPTIONS, POST"),
        ("BREW", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_an_address_lacks_is_answered_with_those_it_has(
    sqlite_client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = sqlite_client.request(method, path)
    _problem(answer, 405, method, allowed)
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"name": }', b"[" * 100_000, b"9" * 5000])
def test_a_body_that_is_no_json_is_a_bad_request(sqlite_client: TestClient, content: bytes) -> None:
    answer = sqlite_client.post("/api/v1/runs", content=content, headers=JSON)
    if content.startswith(b"9"):  # a number no field could take, and Python will not even read
        assert answer.status_code in (400, 422)
    else:
        _problem(answer, 400, "body")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"1", b'"text"'])
def test_json_that_is_no_run_does_not_fit(sqlite_client: TestClient, content: bytes) -> None:
    _problem(sqlite_client.post("/api/v1/runs", content=content, headers=JSON), 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_of_another_type_is_refused(sqlite_client: TestClient, kind: str) -> None:
    answer = sqlite_client.post("/api/v1/runs", content=b"{}", headers={"Content-Type": kind})
    _problem(answer, 415, kind, "application/json")
    assert answer.headers["accept"] == "application/json"


def test_a_body_of_no_type_is_refused(sqlite_client: TestClient) -> None:
    _problem(sqlite_client.post("/api/v1/runs", content=b"{}"), 415, "application/json")


def test_json_under_another_name_is_json(sqlite_client: TestClient) -> None:
    headers = {"Content-Type": "application/vnd.studio+json; charset=utf-8"}
    _problem(sqlite_client.post("/api/v1/runs", content=b"{}", headers=headers), 422, "recipe")


def test_a_fault_of_our_own_says_nothing_outside(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("backend.runs.service.list_runs", _broken)
    answer = sqlite_client.get("/api/v1/runs")
    _problem(answer, 500, "error of its own")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def without_database(sqlite_client: TestClient, tmp_path: Path) -> Iterator[TestClient]:
    """The API whose database cannot be opened any more."""
    sqlite_client.app.state.engine.dispose()  # type: ignore[attr-defined]
    moved = [(path, path.with_name(f"moved-{path.name}")) for path in tmp_path.glob("studio.sqlite*")]
    for path, elsewhere in moved:
        path.rename(elsewhere)
    (tmp_path / "studio.sqlite").mkdir()
    yield sqlite_client


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/labels/1", "/metrics"])
def test_a_database_that_is_away_is_unavailable(without_database: TestClient, path: str) -> None:
    answer = without_database.get(path)
    _problem(answer, 503, "database", "try again")
    assert int(answer.headers["retry-after"]) > 0


def test_a_write_without_database_is_unavailable(without_database: TestClient) -> None:
    _problem(without_database.post("/api/v1/runs/1/cancel"), 503)


def test_text_that_utf_8_has_no_bytes_for_can_be_answered(sqlite_client: TestClient) -> None:
    content = json.dumps({"recipe": "x", "\ud800": 1, "name": "\udfff"}).encode()
    _problem(sqlite_client.post("/api/v1/runs", content=content, headers=JSON), 422)


def test_a_user_error_names_field_and_remedy(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, status in ((UserError, 422), (ConflictError, 409)):

        def _refuses(*_: object, kind: type[UserError] = error, **__: object) -> None:
            raise kind("it is bad.", where="field", remedy="Mend it.")

        monkeypatch.setattr("backend.runs.service.list_runs", _refuses)
        content = _problem(sqlite_client.get("/api/v1/runs"), status, "Mend it.")
        assert content["errors"] == [{"field": "field", "problem": "it is bad.", "remedy": "Mend it."}]
