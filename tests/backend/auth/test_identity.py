"""Who is taken for whom: the machine's own person, tokens, cookies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from backend.auth.tables import Token
from backend.database import now, read_session, write_session
from tests.backend.auth.conftest import People

# Nothing here depends on the kind of database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Client = Callable[..., TestClient]
ME = "/api/v1/session"


def test_without_accounts_the_machine_itself_is_the_local_person(client: Client) -> None:
    answer = client(here=True).get(ME)
    assert answer.json() == {
        "name": "local",
        "role": "admin",
        "permissions": ["administer", "operate", "read", "review"],
        "local": True,
        "user_id": None,
    }


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}],
)
def test_a_proxy_on_the_machine_is_not_the_local_person(client: Client, headers: dict[str, str]) -> None:
    answer = client(here=True).get(ME, headers=headers)
    assert answer.status_code == 401
    assert "./studio password" in answer.json()["detail"]


def test_nobody_elsewhere_is_the_local_person(client: Client) -> None:
    assert "./studio password" in client().get(ME).json()["detail"]


def test_with_an_account_even_the_machine_itself_must_sign_in(client: Client, people: People) -> None:
    people.user("ada", "admin", active=False)
    answer = client(here=True).get(ME)
    assert answer.status_code == 401
    assert "Sign in" in answer.json()["detail"]


def test_a_cookie_says_who_somebody_is(client: Client, people: People) -> None:
    ada = people.user("ada", "reviewer")
    me = client().get(ME, headers=people.cookie(ada)).json()
    assert (me["name"], me["permissions"], me["local"]) == ("ada", ["read", "review"], False)


def test_forged_truncated_and_foreign_cookies_are_nobody(client: Client, people: People) -> None:
    cookie = people.cookie(people.user("ada", "admin"))["Cookie"]
    digest = "studio_session=" + "0" * 64
    for forged in (cookie[:-1], cookie + "x", digest, "studio_session=", "session=x", "studio_session=é"):
        answer = client(here=True).get(ME, headers={"Cookie": forged.encode()})
        assert answer.status_code == 401, forged


def test_a_cookie_of_another_studio_does_not_shut_out_the_local_person(client: Client) -> None:
    assert client(here=True).get(ME, headers={"Cookie": "studio_session=x"}).json()["local"]


def test_a_wrong_token_is_refused_even_where_the_local_person_would_be_let_in(client: Client) -> None:
    for sent in ("Bearer hs_x", "Bearer x y"):
        answer = client(here=True).get(ME, headers={"Authorization": sent})
        assert answer.status_code == 401
        assert "token is unknown" in answer.json()["detail"]


def test_the_password_of_a_proxy_is_not_taken_for_a_token(client: Client) -> None:
    assert client(here=True).get(ME, headers={"Authorization": "Basic eA=="}).json()["local"]


def test_a_token_wins_over_a_cookie(client: Client, people: People) -> None:
    ada, bob = people.user("ada", "admin"), people.user("bob", "viewer")
    headers = people.cookie(ada) | people.token(bob)
    assert client().get(ME, headers=headers).json()["name"] == "bob"


def test_a_token_never_has_more_than_its_owner_has_now(client: Client, people: People) -> None:
    ada = people.user("ada", "viewer")
    assert client().get(ME, headers=people.token(ada)).json()["permissions"] == ["read"]


def test_use_of_a_token_is_noted_once_a_minute(client: Client, people: People, app: FastAPI) -> None:
    headers = people.token(people.user("ada", "viewer"))

    def _used() -> object:
        client().get(ME, headers=headers).raise_for_status()
        with read_session(app.state.engine) as session:
            return session.scalar(select(Token.last_used_at))

    first = _used()
    assert first is not None
    assert _used() == first
    earlier = now() - timedelta(seconds=61)
    with write_session(app.state.engine) as session:
        session.execute(update(Token).values(last_used_at=earlier))
    assert _used() not in (first, earlier)
