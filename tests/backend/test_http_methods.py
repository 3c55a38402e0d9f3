from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/api/v1/runs", "/healthz", "/metrics", "/api/v1/recipes/streets_demo"])
def test_head_has_the_headers_of_get_and_no_body(sqlite_client: TestClient, path: str) -> None:
    whole, head = sqlite_client.get(path), sqlite_client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    if path != "/metrics":  # it has counted a request more
        assert head.headers.get("content-length") == whole.headers.get("content-length")


def test_head_of_what_does_not_exist_is_not_found(sqlite_client: TestClient) -> None:
    assert sqlite_client.head("/api/v1/runs/5").status_code == 404
    assert sqlite_client.head("/api/v1/nothing").status_code == 404


def test_options_lists_the_methods_of_the_address(sqlite_client: TestClient) -> None:
    answer = sqlite_client.options("/api/v1/runs")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert sqlite_client.options("/api/v1/runs/7/cancel").headers["allow"] == "OPTIONS, POST"
    assert sqlite_client.options("/api/v1/nothing").status_code == 404
