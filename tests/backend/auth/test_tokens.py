"""Tokens of scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from backend.database import now, read_session
from tests.backend.auth.conftest import People

Client = Callable[..., TestClient]
TOKENS = "/api/v1/tokens"


def test_a_secret_is_shown_once_and_stored_nowhere(client: Client, people: People, app: FastAPI) -> None:
    cookie = people.cookie(people.user("ada", "operator"))
    made = client().post(TOKENS, json={"name": "ci", "scopes": ["operate"]}, headers=cookie)
    secret = made.json()["secret"]
    assert re.fullmatch(r"hs_[A-Za-z0-9_-]{43}", secret)
    assert made.json()["scopes"] == ["operate", "read"]
    me = client().get("/api/v1/session", headers={"Authorization": f"Bearer {secret}"}).json()
    assert me["permissions"] == ["operate", "read"]
    listed = client().get(TOKENS, headers=cookie)
    assert [token["name"] for token in listed.json()["items"]] == ["ci"]
    assert secret not in listed.text
    with read_session(app.state.engine) as session:
        for table in ("tokens", "audit_events", "sign_ins", "users"):
            assert secret[3:] not in str(session.execute(text(f"SELECT * FROM {table}")).all())


def test_scopes_beyond_the_owners_rights_are_refused(client: Client, people: People) -> None:
    cookie = people.cookie(people.user("ada", "reviewer"))
    answer = client().post(TOKENS, json={"name": "x", "scopes": ["operate"]}, headers=cookie)
    assert answer.status_code == 403
    assert "operate" in answer.json()["detail"]


def test_a_token_ends_when_it_was_said_to(client: Client, people: People) -> None:
    cookie = people.cookie(people.user("ada", "viewer"))
    past = (now() - timedelta(seconds=1)).isoformat()
    assert client().post(TOKENS, json={"name": "x", "expires_at": past}, headers=cookie).status_code == 422
    # Without a time zone it is UTC.
    soon = (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None)
    made = client().post(TOKENS, json={"name": "x", "expires_at": soon.isoformat()}, headers=cookie)
    assert datetime.fromisoformat(made.json()["expires_at"]) == soon.replace(tzinfo=UTC)


def test_a_token_makes_no_tokens(client: Client, people: People) -> None:
    answer = client().post(TOKENS, json={"name": "x"}, headers=people.token(people.user("ada", "admin")))
    assert answer.status_code == 403


def test_without_accounts_there_is_nobody_to_own_one(client: Client) -> None:
    local = client(here=True)
    assert local.post(TOKENS, json={"name": "x"}).status_code == 409
    assert local.get(TOKENS).json()["items"] == []


def test_a_revoked_token_is_worth_nothing_from_then_on(client: Client, people: People) -> None:
    cookie = people.cookie(people.user("ada", "viewer"))
    made = client().post(TOKENS, json={"name": "x"}, headers=cookie).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert client().get("/api/v1/runs", headers=bearer).status_code == 200
    for _ in range(2):  # the second time there is nothing left to do
        assert client().delete(f"{TOKENS}/{made['id']}", headers=cookie).status_code == 204
    assert client().get("/api/v1/runs", headers=bearer).status_code == 401
    assert client().get(TOKENS, headers=cookie).json()["items"][0]["revoked_at"] is not None


def test_tokens_of_others_are_an_admins_business(client: Client, people: People) -> None:
    ada, bob = people.user("ada", "viewer"), people.user("bob", "admin")
    hers, admin = people.cookie(ada), people.cookie(bob)
    made = client().post(TOKENS, json={"name": "x"}, headers=admin).json()
    assert client().get(f"{TOKENS}?user={bob}", headers=hers).status_code == 403
    assert client().post(TOKENS, json={"name": "x", "user_id": bob}, headers=hers).status_code == 403
    unknown, foreign = (client().delete(f"{TOKENS}/{n}", headers=hers) for n in (999, made["id"]))
    assert (unknown.status_code, foreign.status_code) == (404, 404)

    theirs = {"name": "x", "user_id": ada, "scopes": ["review"]}
    assert client().post(TOKENS, json=theirs, headers=admin).status_code == 403
    given = client().post(TOKENS, json=theirs | {"scopes": ["read"]}, headers=admin).json()
    assert given["user_id"] == ada
    assert [t["id"] for t in client().get(f"{TOKENS}?user={ada}", headers=admin).json()["items"]] == [
        given["id"]
    ]
    assert client().delete(f"{TOKENS}/{given['id']}", headers=admin).status_code == 204
    trail = client().get("/api/v1/audit?subject_kind=token&person=bob", headers=admin).json()["items"]
    assert [event["action"] for event in trail] == ["token.revoke", "token.create", "token.create"]
    assert trail[0]["before"]["of"] == "ada"
