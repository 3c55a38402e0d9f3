"""A person changes the own password."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from backend.audit.tables import AuditEvent
from backend.auth.passwords import hash_password
from backend.auth.tables import User
from backend.database import read_session, write_session
from tests.backend.auth.conftest import People

Client = Callable[..., TestClient]
PASSWORD = "/api/v1/session/password"
OLD, NEW = "correct horse", "another sentence"


@pytest.fixture
def ada(app: FastAPI, people: People) -> int:
    user_id = people.user("ada", "viewer")
    with write_session(app.state.engine) as session:
        session.get_one(User, user_id).password_hash = hash_password(OLD)
    return user_id


def _signed_in(client: Client, password: str) -> TestClient:
    browser = client()
    answer = browser.post("/api/v1/session", json={"name": "ada", "password": password})
    assert answer.status_code == 201
    return browser


@pytest.mark.usefixtures("ada")
def test_the_new_password_counts_and_other_browsers_are_signed_out(client: Client, app: FastAPI) -> None:
    here, elsewhere = _signed_in(client, OLD), _signed_in(client, OLD)
    assert here.put(PASSWORD, json={"present": OLD, "new": NEW}).status_code == 204
    assert here.get("/api/v1/session").status_code == 200
    assert elsewhere.get("/api/v1/session").status_code == 401
    old = client().post("/api/v1/session", json={"name": "ada", "password": OLD})
    assert old.status_code == 401
    _signed_in(client, NEW)
    with read_session(app.state.engine) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "user.change")).all()
        assert [(e.person, e.after) for e in events] == [("ada", {"password": "changed"})]


@pytest.mark.usefixtures("ada")
def test_guessing_the_present_one_is_limited_as_signing_in_is(client: Client) -> None:
    here = _signed_in(client, OLD)
    for _ in range(5):
        answer = here.put(PASSWORD, json={"present": "wrong horse", "new": NEW})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "present"
    limited = here.put(PASSWORD, json={"present": OLD, "new": NEW})
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0


def test_a_token_cannot_change_it(client: Client, people: People, ada: int) -> None:
    answer = client().put(PASSWORD, json={"present": OLD, "new": NEW}, headers=people.token(ada))
    assert answer.status_code == 403
    assert "token" in answer.json()["detail"]


@pytest.mark.parametrize("new", ["short", "", None])
@pytest.mark.usefixtures("ada")
def test_a_bad_new_one_is_refused(client: Client, new: str | None) -> None:
    answer = _signed_in(client, OLD).put(PASSWORD, json={"present": OLD, "new": new})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "new"
