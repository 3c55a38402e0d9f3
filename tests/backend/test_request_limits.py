"""What a request may be: nothing a client sends does harm, and each refusal says why."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from backend.request_limits import DEEPEST_JSON, LARGEST_BODY

JSON = {"Content-Type": "application/json"}


def _body(length: int) -> bytes:
    return b'{"recipe": "' + b"x" * (length - 14) + b'"}'


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/rounds/1/approve", "/nowhere"])
def test_a_body_announced_as_too_large_is_refused_unread(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.post(path, content=_body(LARGEST_BODY + 1), headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert "1,048,576" in answer.json()["detail"]


def test_a_body_that_grows_too_large_on_the_way_is_refused(sqlite_client: TestClient) -> None:
    sent = 0

    def _chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 1
            yield b" " * 65_536

    answer = sqlite_client.post("/api/v1/runs", content=_chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_largest_body_allowed_is_read(sqlite_client: TestClient) -> None:
    answer = sqlite_client.post("/api/v1/runs", content=_body(LARGEST_BODY), headers=JSON)
    assert answer.status_code == 404  # no recipe has such a name


TEXT_FIELDS = [
    ("/api/v1/datasets", '{"name": "%s", "spec": {"kind": "folder", "root": "/data"}}'),
    ("/api/v1/datasets", '{"name": "x", "spec": {"kind": "folder", "root": "/%s"}}'),
    ("/api/v1/runs", '{"recipe": "streets_demo", "set": {"model.weights": ["%s"]}}'),
    ("/api/v1/runs", '{"recipe": "streets_demo", "set": {"%s": 1}}'),
    ("/api/v1/runs", '{"recipe": "%s"}'),
    ("/api/v1/labels/1/review", '{"decision": "accept", "comment": "%s"}'),
]
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "-" + "9" * 400, str(2**63)]


def test_text_no_database_stores_is_refused(client: TestClient) -> None:
    for path, body in TEXT_FIELDS:
        for value in (r"\u0000", r"a\u0000b", r"\ud800", r"\udfff tail"):
            answer = client.post(path, content=body % value, headers=JSON)
            assert answer.status_code == 422, (body, value, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_nul_in_an_address_is_refused(client: TestClient) -> None:
    for path in ("recipes/a%00b", "runs?cursor=%00", "jobs?state=%00", "runs/%00"):
        assert client.get(f"/api/v1/{path}").status_code == 422, path


def test_a_number_no_field_takes_is_refused(sqlite_client: TestClient) -> None:
    for field in ("training.iterations", "selection.alpha", "seed"):
        for number in NUMBERS:
            body = f'{{"recipe": "streets_demo", "set": {{"{field}": {number}}}}}'
            answer = sqlite_client.post("/api/v1/runs", content=body, headers=JSON)
            assert answer.status_code == 422, answer.text
            assert "number" in answer.json()["detail"]


@pytest.mark.parametrize("depth", [DEEPEST_JSON + 1, 500, 900])
@pytest.mark.parametrize("bracket", ["[]", "{}"])
def test_a_body_nested_too_deep_is_refused(sqlite_client: TestClient, depth: int, bracket: str) -> None:
    opening = '{"a":' if bracket == "{}" else "["
    nest = opening * depth + "1" + bracket[1] * depth
    content = f'{{"recipe": "streets_demo", "set": {{"x": {nest}}}}}'
    headers = JSON | {"Idempotency-Key": "deep"}
    answer = sqlite_client.post("/api/v1/runs", content=content, headers=headers)
    assert answer.status_code == 422, answer.text
    assert "deep" in answer.json()["detail"]


def test_a_body_wide_but_shallow_is_read(sqlite_client: TestClient) -> None:
    fields = {f"field{index}": index for index in range(20_000)}
    content = json.dumps({"recipe": "streets_demo", "set": fields})
    assert sqlite_client.post("/api/v1/runs", content=content, headers=JSON).status_code == 422


@pytest.mark.parametrize(
    "host", ["evil.example", "", "localhost.evil.example", "[", "testserver@evil", "a:b:c"]
)
def test_a_foreign_host_name_is_refused(sqlite_client: TestClient, host: str) -> None:
    answer = sqlite_client.get("/api/v1/runs", headers={"Host": host})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "STUDIO_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1"])
def test_our_own_host_names_are_served(sqlite_client: TestClient, host: str) -> None:
    assert sqlite_client.get("/api/v1/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "\u00fc", "x" * 201])
def test_an_idempotency_key_is_short_printable_ascii(sqlite_client: TestClient, key: str) -> None:
    headers = {**JSON, "Idempotency-Key": key.encode("latin-1")}
    answer = sqlite_client.post("/api/v1/runs", content=b'{"recipe": "x"}', headers=headers)
    assert answer.status_code == 422, answer.text
