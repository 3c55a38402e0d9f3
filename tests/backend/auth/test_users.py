"""Accounts: the first one, the last admin, what a change ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.auth import repository, service
from backend.auth.person import LOCAL_PERSON, PERMISSIONS, Person
from backend.auth.schemas import UserChange, UserCreate
from backend.database import read_session, write_session
from backend.errors import ConflictError, UnauthorizedError
from tests.backend.auth.conftest import People

Client = Callable[..., TestClient]
FIRST = {"name": "ada", "role": "admin", "password": "long enough"}
USERS = "/api/v1/users"


def test_the_first_account_ends_the_time_without_sign_in(client: Client) -> None:
    local = client(here=True)
    made = local.post(USERS, json=FIRST)
    assert made.status_code == 201
    assert made.json() | {"created_at": ""} == {
        "id": 1, "name": "ada", "role": "admin", "active": True, "has_password": True, "created_at": "",
    }  # fmt: skip
    assert local.get(USERS).status_code == 401
    assert local.post(USERS, json=FIRST | {"name": "bob"}).status_code == 401
    assert local.post("/api/v1/session", json={"name": "ada", "password": "long enough"}).status_code == 201
    assert [user["name"] for user in local.get(USERS).json()["items"]] == ["ada"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "operator"}, "role"),
        ({"password": None}, "password"),
        ({"password": "too short"}, "password"),
        ({"name": "local"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"role": "owner"}, "role"),
        ({"is_admin": True}, "is_admin"),
    ],
)
def test_the_first_account_must_be_able_to_manage_the_rest(
    client: Client, change: dict[str, object], field: str
) -> None:
    answer = client(here=True).post(USERS, json=FIRST | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client(here=True).get("/api/v1/session").json()["local"]


def test_a_request_of_the_local_person_that_comes_after_the_first_account_is_refused(
    app: FastAPI, people: People
) -> None:
    people.user("ada", "admin")
    body = UserCreate(name="mallory", role="admin", password="long enough")
    with write_session(app.state.engine) as session, pytest.raises(UnauthorizedError):
        service.create_user(session, body, LOCAL_PERSON)


def test_a_name_is_given_once(client: Client, people: People) -> None:
    admin = people.token(people.user("ada", "admin"))
    answer = client().post(USERS, json={"name": "ada", "role": "viewer"}, headers=admin)
    assert answer.status_code == 409


def test_the_last_active_admin_stays(client: Client, people: People) -> None:
    ada = people.user("ada", "admin")
    people.user("former", "admin", active=False)
    admin = people.token(ada)
    for change in ({"role": "operator"}, {"active": False}):
        answer = client().patch(f"{USERS}/{ada}", json=change, headers=admin)
        assert answer.status_code == 409
        assert "last active admin" in answer.json()["detail"]
    people.user("bob", "admin")
    assert client().patch(f"{USERS}/{ada}", json={"active": False}, headers=admin).status_code == 200
    assert client().get(USERS, headers=admin).status_code == 401


def test_two_admins_who_remove_each_other_at_once_leave_one(app: FastAPI, people: People) -> None:
    engine = app.state.engine
    ids = [people.user(name, "admin") for name in ("ada", "bob")]
    start, refused = threading.Barrier(2), []

    def _demote(user_id: int) -> None:
        start.wait()
        try:
            with write_session(engine) as session:
                service.change_user(session, user_id, UserChange(role="viewer"), "somebody")
        except ConflictError:
            refused.append(user_id)

    threads = [threading.Thread(target=_demote, args=(user_id,)) for user_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with write_session(engine) as session:
        assert [user.id for user in repository.lock_active_admins(session)] == refused


def test_a_new_password_and_deactivation_end_sign_ins(client: Client, people: People) -> None:
    admin = people.token(people.user("ada", "admin"))
    bob = people.user("bob", "viewer")
    for change in ({"password": "another one"}, {"active": False}):
        cookie = people.cookie(bob)
        assert client().get("/api/v1/session", headers=cookie).status_code == 200
        assert client().patch(f"{USERS}/{bob}", json=change, headers=admin).status_code == 200
        assert client().get("/api/v1/session", headers=cookie).status_code == 401
    # Active again, the old cookie stays worthless.
    client().patch(f"{USERS}/{bob}", json={"active": True}, headers=admin)
    assert client().get("/api/v1/session", headers=cookie).status_code == 401


def test_changes_are_in_the_trail_without_the_password(client: Client, people: People) -> None:
    admin = people.token(people.user("ada", "admin"))
    bob = client().post(USERS, json=FIRST | {"name": "bob"}, headers=admin).json()["id"]
    change = {"role": "viewer", "password": "another secret"}
    client().patch(f"{USERS}/{bob}", json=change, headers=admin)
    trail = client().get(f"/api/v1/audit?subject_kind=user&subject_id={bob}", headers=admin)
    changed, made = trail.json()["items"]
    assert (made["person"], made["action"], made["after"]["role"]) == ("ada", "user.create", "admin")
    assert (changed["action"], changed["before"]["role"], changed["after"]["role"]) == (
        "user.change", "admin", "viewer",
    )  # fmt: skip
    assert changed["after"]["password"] == "changed"
    assert "secret" not in trail.text
    assert "argon2" not in trail.text


def test_the_list_goes_page_by_page(app: FastAPI, people: People) -> None:
    for name in "abc":
        people.user(name, "viewer")
    with read_session(app.state.engine) as session:
        first = service.list_users(session, None, 2)
        second = service.list_users(session, first.next_cursor, 2)
    assert [user.name for user in (*first.items, *second.items)] == ["a", "b", "c"]
    assert (first.total, second.next_cursor) == (3, None)


def test_every_role_has_what_the_lesser_one_has() -> None:
    ranks = [PERMISSIONS[role] for role in ("viewer", "reviewer", "operator", "admin")]
    assert all(lesser < greater for lesser, greater in zip(ranks, ranks[1:], strict=False))
    assert Person("x", "viewer", PERMISSIONS["viewer"]).by_token is False
