from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/nothing", "/healthz", "/metrics"])
def test_data_can_do_nothing_in_a_browser(sqlite_client: TestClient, path: str) -> None:
    headers = sqlite_client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'self'"


def test_pages_may_load_their_scripts_but_not_be_framed_elsewhere(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/api/docs").headers["content-security-policy"] == "frame-ancestors 'self'"


def test_refusals_before_any_route_have_the_headers_too(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/api/v1/runs", headers={"Host": "evil.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
