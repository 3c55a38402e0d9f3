"""Every route with every kind of visitor. A route that is missing here fails the test."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from tests.backend.auth.conftest import People

# Nothing here depends on the kind of database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OPEN = "open"
ENDPOINTS = {
    "POST /api/v1/session": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /api/v1/session": "read",
    "DELETE /api/v1/session": "read",
    "PUT /api/v1/session/password": "read",
    "GET /api/v1/tokens": "read",
    "POST /api/v1/tokens": "read",
    "DELETE /api/v1/tokens/{token_id}": "read",
    "GET /api/v1/users": "administer",
    "POST /api/v1/users": "administer",
    "PATCH /api/v1/users/{user_id}": "administer",
    "GET /api/v1/audit": "administer",
    "GET /api/v1/recipes": "read",
    "GET /api/v1/recipes/{name}": "read",
    "GET /api/v1/datasets": "read",
    "POST /api/v1/datasets": "operate",
    "GET /api/v1/datasets/{dataset_id}": "read",
    "DELETE /api/v1/datasets/{dataset_id}": "operate",
    "GET /api/v1/datasets/{dataset_id}/images": "read",
    "POST /api/v1/datasets/{dataset_id}/scan": "operate",
    "GET /api/v1/runs": "read",
    "POST /api/v1/runs": "operate",
    "GET /api/v1/runs/{run_id}": "read",
    "PATCH /api/v1/runs/{run_id}": "operate",
    "POST /api/v1/runs/{run_id}/cancel": "operate",
    "POST /api/v1/runs/{run_id}/advance": "operate",
    "GET /api/v1/runs/{run_id}/curves": "read",
    "GET /api/v1/runs/{run_id}/events": "read",
    "GET /api/v1/runs/{run_id}/checkpoints": "read",
    "POST /api/v1/runs/{run_id}/checkpoints/{checkpoint}/predictions": "operate",
    "GET /api/v1/runs/{run_id}/checkpoints/{checkpoint}/pixels": "read",
    "GET /api/v1/rounds/{round_id}": "read",
    "GET /api/v1/rounds/{round_id}/thresholds": "read",
    "GET /api/v1/rounds/{round_id}/classes": "read",
    "GET /api/v1/rounds/{round_id}/alarms": "read",
    "GET /api/v1/rounds/{round_id}/bundle": "read",
    "GET /api/v1/rounds/{round_id}/labels": "read",
    "GET /api/v1/rounds/{round_id}/classes/{class_id}/worst": "read",
    "POST /api/v1/rounds/{round_id}/what-if": "read",
    "GET /api/v1/rounds/{round_id}/exports": "read",
    "POST /api/v1/rounds/{round_id}/exports": "operate",
    "GET /api/v1/exports/{export_id}/file": "read",
    "DELETE /api/v1/exports/{export_id}": "operate",
    "GET /api/v1/rounds/{round_id}/changes": "read",
    "POST /api/v1/rounds/{round_id}/changes": "operate",
    "GET /api/v1/rounds/{round_id}/revisions": "read",
    "POST /api/v1/rounds/{round_id}/revisions": "operate",
    "POST /api/v1/rounds/{round_id}/revisions/{number}/apply": "operate",
    "POST /api/v1/rounds/{round_id}/approve": "operate",
    "GET /api/v1/labels/{label_id}": "read",
    "POST /api/v1/labels/{label_id}/review": "review",
    "POST /api/v1/labels/{label_id}/claim": "review",
    "DELETE /api/v1/labels/{label_id}/claim": "review",
    "PUT /api/v1/labels/{label_id}/draft": "review",
    "DELETE /api/v1/labels/{label_id}/draft": "review",
    "POST /api/v1/rounds/{round_id}/next": "review",
    "PUT /api/v1/labels/{label_id}/vetoes": "review",
    "PUT /api/v1/rounds/{round_id}/vetoes": "review",
    "GET /api/v1/labels/{label_id}/correction": "read",
    "PUT /api/v1/labels/{label_id}/correction": "review",
    "DELETE /api/v1/labels/{label_id}/correction": "review",
    "GET /api/v1/labels/{label_id}/corrections": "read",
    "GET /api/v1/rounds/{round_id}/training-preview": "read",
    "GET /api/v1/labels/{label_id}/layers/{layer}": "read",
    "GET /api/v1/labels/{label_id}/pixels": "read",
    "GET /api/v1/codebooks/{name}": "read",
    "GET /api/v1/labels/{label_id}/pastes": "read",
    "GET /api/v1/compare": "read",
    "GET /api/v1/jobs": "read",
    "GET /api/v1/jobs/{job_id}": "read",
    "POST /api/v1/jobs/{job_id}/cancel": "operate",
    "POST /api/v1/jobs/{job_id}/retry": "operate",
    "GET /api/v1/jobs/{job_id}/log": "read",
    "GET /api/v1/jobs/{job_id}/events": "read",
    "POST /api/v1/jobs/{job_id}/priority": "operate",
    "GET /api/v1/workers": "read",
}
QUESTIONS = {"POST /api/v1/rounds/{round_id}/what-if"}
"""Too long for an address; they change nothing."""
OWN_AFFAIRS = {
    "PUT /api/v1/session/password",
    "DELETE /api/v1/session",
    "POST /api/v1/tokens",
    "DELETE /api/v1/tokens/{token_id}",
}
"""Change something, but only of the person who asks."""


def _routes(app: FastAPI) -> dict[str, Dependant]:
    """Every route with its dependencies; the OpenAPI document and its viewer are of FastAPI itself."""
    found = {}
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        if dependant is not None:
            for method in context.methods or ():
                found[f"{method} {context.path}"] = dependant
    return found


def _permissions(dependant: Dependant) -> set[str]:
    """What `require` was given, anywhere below."""
    own = set()
    if dependant.call is not None and inspect.isfunction(dependant.call):
        asked = inspect.getclosurevars(dependant.call).nonlocals.get("permission")
        own = {asked} if asked else set()
    return own.union(*(_permissions(below) for below in dependant.dependencies))


def test_no_route_was_left_out_of_the_table(app: FastAPI) -> None:
    assert set(_routes(app)) == set(ENDPOINTS)
    changing = {
        name for name, wanted in ENDPOINTS.items() if wanted == "read" and not name.startswith("GET")
    }
    assert changing == OWN_AFFAIRS | QUESTIONS


def test_every_route_asks_for_the_permission_of_the_table(app: FastAPI) -> None:
    asked = {name: _permissions(dependant) for name, dependant in _routes(app).items()}
    expected = {name: set() if wanted == OPEN else {"read", wanted} for name, wanted in ENDPOINTS.items()}
    assert asked == expected


def test_everybody_is_let_in_where_they_may_and_nowhere_else(
    people: People, client: Callable[..., TestClient]
) -> None:
    """Allowed people get any answer but 401 and 403: the things they name do not exist."""
    roles = ("viewer", "reviewer", "operator", "admin")
    ids = {role: people.user(role, role) for role in roles}
    gone = people.user("gone", "admin", active=False)
    may = {
        "viewer": {"read"},
        "reviewer": {"read", "review"},
        "operator": {"read", "review", "operate"},
        "admin": {"read", "review", "operate", "administer"},
    }
    visitors: dict[str, tuple[Callable[[], dict[str, str]], set[str], int]] = {
        "nobody": (dict, set(), 401),
        **{role: ((lambda role=role: people.cookie(ids[role])), may[role], 403) for role in roles},
        "token with scope read": (lambda: people.token(ids["admin"], "read"), {"read"}, 403),
        "token with all scopes of a viewer": (lambda: people.token(ids["viewer"]), {"read"}, 403),
        "expired token": (lambda: people.token(ids["admin"], lasts=-timedelta(seconds=1)), set(), 401),
        "revoked token": (lambda: people.token(ids["admin"], revoked=True), set(), 401),
        "inactive user's token": (lambda: people.token(gone), set(), 401),
        "inactive user's cookie": (lambda: people.cookie(gone), set(), 401),
        "expired cookie": (lambda: people.cookie(ids["admin"], lasts=-timedelta(seconds=1)), set(), 401),
    }
    wrong = {}
    for endpoint, wanted in ENDPOINTS.items():
        method, path = endpoint.split()
        path = re.sub(r"\{layer\}", "image", path)
        path = re.sub(r"\{\w+\}", "999", path)
        for visitor, (credentials, permissions, refusal) in visitors.items():
            answer = client().request(method, path, headers=credentials())
            allowed = wanted == OPEN or wanted in permissions
            expected = (
                answer.status_code not in (401, 403, 500) if allowed else answer.status_code == refusal
            )
            if not expected:
                wrong[f"{visitor}: {endpoint}"] = (answer.status_code, answer.text)
            if answer.status_code == 401 and "POST /api/v1/session" not in endpoint:
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert answer.headers["Content-Type"] == "application/problem+json"
    assert wrong == {}


def test_the_description_of_the_api_names_both_ways_to_sign_in(app: FastAPI) -> None:
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    assert (schemes["sign-in"]["in"], schemes["sign-in"]["name"]) == ("cookie", "studio_session")
    assert document["paths"]["/api/v1/runs"]["get"]["security"] == [{"token": []}, {"sign-in": []}]
    assert "security" not in document["paths"]["/api/v1/session"]["post"]
