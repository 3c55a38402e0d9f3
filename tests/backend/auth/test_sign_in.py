"""Signing in and out of browsers, and guessing passwords."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from backend.audit.tables import AuditEvent
from backend.auth import passwords, sign_in
from backend.auth.passwords import hash_password
from backend.auth.tables import SignIn, User
from backend.database import now, read_session, write_session
from backend.errors import UnauthorizedError
from tests.backend.auth.conftest import People

Client = Callable[..., TestClient]
SESSION = "/api/v1/session"
ADA = {"name": "ada", "password": "correct horse"}
WRONG = {"name": "ada", "password": "wrong horse"}


@pytest.fixture
def ada(app: FastAPI, people: People) -> int:
    user_id = people.user("ada", "reviewer")
    with write_session(app.state.engine) as session:
        session.get_one(User, user_id).password_hash = hash_password("correct horse")
    return user_id


def _trail(app: FastAPI) -> list[tuple[str, str]]:
    with read_session(app.state.engine) as session:
        return [(e.person, e.action) for e in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


@pytest.mark.usefixtures("ada")
def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(
    client: Client, app: FastAPI
) -> None:
    browser = client()
    answer = browser.post(SESSION, json=ADA)
    assert answer.json()["permissions"] == ["read", "review"]
    cookie = answer.headers["Set-Cookie"]
    secret = answer.cookies["studio_session"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "max-age=1209600", "path=/", "samesite=lax"}
    with read_session(app.state.engine) as session:
        assert secret not in [row.digest for row in session.scalars(select(SignIn))]
    assert browser.get(SESSION).json()["name"] == "ada"
    assert browser.delete(SESSION).status_code == 204
    assert browser.cookies.get("studio_session") is None
    # The secret itself has ended, not only the browser's memory of it.
    assert client().get(SESSION, headers={"Cookie": f"studio_session={secret}"}).status_code == 401
    assert _trail(app) == [("ada", "sign_in"), ("ada", "sign_out")]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("address", "headers"),
    [("https://testserver", {}), ("http://testserver", {"Origin": "https://testserver"})],
)
def test_over_https_the_cookie_stays_there(client: Client, address: str, headers: dict[str, str]) -> None:
    answer = client().post(f"{address}{SESSION}", json=ADA, headers=headers)
    assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.usefixtures("ada")
def test_wrong_passwords_and_unknown_names_are_answered_alike(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.user("token only", "viewer")
    people.user("gone", "viewer", active=False)
    hashes = []

    class _Counted:
        def verify(self, stored: str, password: str) -> bool:
            hashes.append(stored)
            return hasher.verify(stored, password)

        def hash(self, password: str) -> str:
            return hasher.hash(password)

    hasher = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", _Counted())
    answers = [
        client().post(SESSION, json={"name": name, "password": "wrong horse"})
        for name in ("ada", "nobody", "token only", "gone")
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert len({answer.json()["detail"] for answer in answers}) == 1
    # As much work for each, so that the time tells nothing.
    assert len(hashes) == 4
    parameters = {stored.split("$")[3] for stored in hashes}
    assert len(parameters) == 1


def test_nobody_signs_in_with_the_password_of_nobody(client: Client, people: People) -> None:
    people.user("token only", "admin")
    for name in ("nobody", "token only"):
        answer = client().post(SESSION, json={"name": name, "password": "the password of nobody"})
        assert answer.status_code == 401


@pytest.mark.usefixtures("ada")
def test_five_wrong_passwords_lock_a_name_for_a_while(
    client: Client, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert client().post(SESSION, json=WRONG).status_code == 401
    monkeypatch.setattr(sign_in, "is_password", _never)
    refused = client(here=True).post(SESSION, json=ADA)
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    # A refusal that looked at no password does not lengthen the wait.
    assert _trail(app) == [("ada", "sign_in.refused")] * 5
    monkeypatch.undo()
    _let_pass(app, timedelta(minutes=10))
    assert client().post(SESSION, json=ADA).status_code == 201


def test_twenty_wrong_passwords_lock_an_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "is_password", lambda _stored, _password: False)
    for index in range(20):
        answer = client().post(SESSION, json={"name": f"name {index}", "password": "x"})
        assert answer.status_code == 401
    assert client().post(SESSION, json={"name": "another", "password": "x"}).status_code == 429
    assert client(here=True).post(SESSION, json={"name": "another", "password": "x"}).status_code == 401


@pytest.mark.usefixtures("ada")
def test_guesses_sent_at_once_do_not_slip_past_the_count(
    client: Client, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "is_password", lambda _stored, _password: False)
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: client().post(SESSION, json=WRONG).status_code, range(12)))
    assert sorted(codes) == [401] * 5 + [429] * 7
    assert len(_trail(app)) == 5


def test_a_password_changed_while_somebody_signs_in_does_not_let_them_in(
    client: Client, app: FastAPI, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _meanwhile(_stored: str | None, _password: str) -> bool:
        with write_session(app.state.engine) as session:
            session.get_one(User, ada).password_hash = hash_password("new horse!")
        return True

    monkeypatch.setattr(sign_in, "is_password", _meanwhile)
    assert client().post(SESSION, json=ADA).status_code == 401


@pytest.mark.usefixtures("ada")
def test_expired_sign_ins_are_swept_out(client: Client, app: FastAPI, people: People) -> None:
    people.cookie(people.user("bob", "viewer"), lasts=-timedelta(seconds=1))
    client().post(SESSION, json=ADA)
    with read_session(app.state.engine) as session:
        assert len(session.scalars(select(SignIn)).all()) == 1


@pytest.mark.parametrize(
    "body", [{}, {"name": "a"}, {"name": "a\x00", "password": "x"}, ADA | {"remember": True}, [], None]
)
def test_anything_else_is_told_what_is_missing(client: Client, body: Any) -> None:
    assert client().post(SESSION, json=body).status_code == 422


def _never(_stored: str | None, _password: str) -> bool:
    raise AssertionError("the password was looked at")


def _let_pass(app: FastAPI, time: timedelta) -> None:
    with write_session(app.state.engine) as session:
        session.execute(update(AuditEvent).values(at=now() - time))


@pytest.mark.usefixtures("ada")
def test_few_sign_in_at_once_so_that_others_keep_their_threads(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def slow(*_: Any) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        raise UnauthorizedError("name or password is wrong.")

    monkeypatch.setattr(sign_in, "sign_in", slow)
    with client() as browser, ThreadPoolExecutor(20) as people:
        answers = list(people.map(lambda _: browser.post(SESSION, json=WRONG).status_code, range(20)))
    assert set(answers) == {401}
    assert 1 < most <= 4
