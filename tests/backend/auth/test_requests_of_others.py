"""Changes sent by other sites' pages, and secrets in addresses, are refused before any route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from fastapi.testclient import TestClient

# Nothing here depends on the kind of database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Client = Callable[..., TestClient]
CANCEL = "/api/v1/jobs/999/cancel"
OWN, FOREIGN = 404, 403


SENDERS: Final[list[tuple[dict[str, str], int]]] = [
    ({}, OWN),
    ({"Sec-Fetch-Site": "same-origin"}, OWN),
    ({"Sec-Fetch-Site": "none"}, OWN),
    ({"Sec-Fetch-Site": "cross-site"}, FOREIGN),
    ({"Sec-Fetch-Site": "same-site"}, FOREIGN),
    ({"Sec-Fetch-Site": ""}, FOREIGN),
    # A browser that says "cross-site" is believed, whatever the origin.
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, FOREIGN),
    ({"Origin": "http://testserver"}, OWN),
    ({"Origin": "https://testserver"}, OWN),
    ({"Origin": "http://testserver:8001"}, FOREIGN),
    ({"Origin": "http://testserver.evil.example"}, FOREIGN),
    ({"Origin": "http://evil.example"}, FOREIGN),
    ({"Origin": "null"}, FOREIGN),
    ({"Origin": ""}, FOREIGN),
    ({"Origin": "https://studio.example"}, OWN),
    ({"Origin": "http://other.example:8001"}, OWN),
    ({"Origin": "http://studio.example"}, FOREIGN),
]


def test_only_own_pages_and_scripts_may_change_something(client: Client) -> None:
    # As the local person, whom no cookie protects.
    for headers, status in SENDERS:
        answer = client(here=True).post(CANCEL, headers=headers)
        assert answer.status_code == status, headers
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_every_unsafe_method_is_guarded_on_every_path(client: Client) -> None:
    headers = {"Origin": "http://evil.example"}
    for path in ("/api/v1/session", "/api/v1/users/1", "/healthz", "/nowhere"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client(here=True).request(method, path, headers=headers).status_code == FOREIGN


def test_reading_is_no_change_and_no_other_site_may_see_the_answer(client: Client) -> None:
    answer = client(here=True).get("/api/v1/runs", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_a_secret_in_an_address_is_refused_and_to_be_revoked(client: Client) -> None:
    queries = ("token=x", "access_token=x", "API_KEY=", "x=1&token", "name=hs_abc", "a=b&q=%68s_abc")
    for address in (
        f"{path}?{query}" for path in ("/api/v1/runs", "/healthz", "/ui/") for query in queries
    ):
        answer = client(here=True).get(address)
        assert answer.status_code == 400
        assert "revoke" in answer.json()["detail"]


def test_other_queries_pass(client: Client) -> None:
    assert client(here=True).get("/api/v1/runs?limit=5&tokens=3&x=ohs_1").status_code == 200
