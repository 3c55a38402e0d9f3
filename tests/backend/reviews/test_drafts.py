"""Drafts of comments and two decisions on one label, over real HTTP, on both databases."""

from __future__ import annotations

import threading

import pytest

from tests.backend.reviews.conftest import ClientOf

pytestmark = pytest.mark.services


def test_a_draft_is_ones_own_and_stays_until_it_is_sent(client_of: ClientOf) -> None:
    ann, bob = client_of("ann"), client_of("bob")
    assert ann.get("/labels/1").json()["draft"] == ""
    for comment in ("rider", "rider lost\nover there", "rider lost"):
        assert ann.put("/labels/1/draft", json={"comment": comment}).status_code == 204
        assert ann.get("/labels/1").json()["draft"] == comment
    assert bob.put("/labels/1/draft", json={"comment": "mine"}).status_code == 204
    assert ann.get("/labels/1").json()["draft"] == "rider lost"
    body = {"decision": "reject", "comment": "rider lost"}
    decided = ann.post("/labels/1/review", json=body, headers={"If-Match": "*"})
    assert decided.json()["draft"] == ann.get("/labels/1").json()["draft"] == ""
    assert bob.get("/labels/1").json()["draft"] == "mine"


def test_a_draft_is_deleted_on_request_and_by_writing_nothing(client_of: ClientOf) -> None:
    ann = client_of("ann")
    for _ in range(2):
        assert ann.delete("/labels/1/draft").status_code == 204
    ann.put("/labels/1/draft", json={"comment": "x"})
    assert ann.delete("/labels/1/draft").status_code == 204
    assert ann.get("/labels/1").json()["draft"] == ""
    ann.put("/labels/1/draft", json={"comment": "x"})
    ann.put("/labels/1/draft", json={"comment": ""})
    assert ann.get("/labels/1").json()["draft"] == ""


def test_a_draft_has_the_limits_of_a_comment(client_of: ClientOf) -> None:
    ann = client_of("ann")
    assert ann.put("/labels/1/draft", json={"comment": "ä" * 2000}).status_code == 204
    for comment in ("x" * 2001, "a\0b", None):
        for method, path, more in (
            ("PUT", "/labels/1/draft", {}),
            ("POST", "/labels/1/review", {"decision": "accept"}),
        ):
            headers = {"If-Match": "*"}
            refused = ann.request(method, path, json={"comment": comment, **more}, headers=headers)
            assert refused.status_code == 422, refused.text
    assert ann.put("/labels/99/draft", json={"comment": "x"}).status_code == 404
    assert ann.get("/labels/1").json()["draft"] == "ä" * 2000


def test_two_tabs_that_save_at_once_both_succeed(client_of: ClientOf) -> None:
    for label_id in range(1, 9):
        answers: list[int] = []
        start = threading.Barrier(2)

        def _save(
            comment: str,
            label_id: int = label_id,
            start: threading.Barrier = start,
            answers: list[int] = answers,
        ) -> None:
            client = client_of("ann")
            start.wait()
            answers.append(client.put(f"/labels/{label_id}/draft", json={"comment": comment}).status_code)

        threads = [threading.Thread(target=_save, args=(comment,)) for comment in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [204, 204]
        assert client_of("ann").get(f"/labels/{label_id}").json()["draft"] in ("one", "two")


def test_of_two_decisions_at_once_one_is_refused_and_keeps_its_draft(client_of: ClientOf) -> None:
    people = {"ann": ("accept", "fine"), "bob": ("reject", "rider lost")}
    clients = {person: client_of(person) for person in people}
    tags = {person: client.get("/labels/1").headers["etag"] for person, client in clients.items()}
    for person, client in clients.items():
        client.put("/labels/1/draft", json={"comment": people[person][1]})
    answers: dict[str, int] = {}
    start = threading.Barrier(2)

    def _decide(person: str) -> None:
        decision, comment = people[person]
        body, headers = {"decision": decision, "comment": comment}, {"If-Match": tags[person]}
        start.wait()
        answer = clients[person].post("/labels/1/review", json=body, headers=headers)
        answers[person] = answer.status_code

    threads = [threading.Thread(target=_decide, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [201, 412]
    winner, loser = sorted(people, key=lambda person: answers[person])
    label = clients[loser].get("/labels/1").json()
    assert [(review["reviewer"], review["comment"]) for review in label["reviews"]] == [
        (winner, people[winner][1])
    ]
    assert label["draft"] == people[loser][1]
    assert clients[winner].get("/labels/1").json()["draft"] == ""
