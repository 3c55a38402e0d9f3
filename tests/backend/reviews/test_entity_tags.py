"""ETag, If-Match and If-None-Match of labels and rounds, over real HTTP, on both databases."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import Engine

from backend.database import write_session
from backend.rounds.tables import Round
from tests.backend.reviews.conftest import ClientOf

pytestmark = pytest.mark.services


def _tag(client: httpx.Client, path: str) -> str:
    return str(client.get(path).headers["etag"])


def _decide(client: httpx.Client, label_id: int, decision: str, tag: str = "*") -> httpx.Response:
    url = f"/labels/{label_id}/review"
    return client.post(url, json={"decision": decision}, headers={"If-Match": tag})


def test_what_a_client_has_already_is_not_sent_again(client_of: ClientOf, round_id: int) -> None:
    ann = client_of("ann")
    for path in ("/labels/1", f"/rounds/{round_id}"):
        tag = _tag(ann, path)
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = ann.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert "private" in again.headers["cache-control"]
        assert ann.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        _decide(ann, 1, "accept")
        changed = ann.get(path, headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


def test_a_claim_or_a_draft_is_told_but_makes_no_decision_stale(client_of: ClientOf) -> None:
    ann, bob = client_of("ann"), client_of("bob")
    tag = _tag(ann, "/labels/1")
    bob.post("/labels/1/claim")
    claimed = ann.get("/labels/1", headers={"If-None-Match": tag})
    assert (claimed.status_code, claimed.json()["claim"]["person"]) == (200, "bob")
    ann.put("/labels/1/draft", json={"comment": "x"})
    assert _tag(ann, "/labels/1") != claimed.headers["etag"]
    decided = _decide(ann, 1, "accept", tag)
    assert decided.status_code == 201
    assert _decide(ann, 1, "reject", decided.headers["etag"]).status_code == 201
    assert _decide(ann, 1, "reject", '"3"').status_code == 201
    for stale in (tag, '"3"', "3x", "", "nonsense"):
        assert _decide(ann, 1, "reject", stale).status_code == 412


def test_a_rounds_tag_changes_with_every_decision_and_state(
    client_of: ClientOf, round_id: int, engine: Engine
) -> None:
    ann, path = client_of("ann"), f"/rounds/{round_id}"
    tags = [_tag(ann, path), _tag(ann, path)]
    assert tags[0] == tags[1]
    for label_id, decision in ((1, "accept"), (1, "reset"), (1, "accept"), (2, "reject"), (2, "reject")):
        assert _decide(ann, label_id, decision).status_code == 201
        tags.append(_tag(ann, path))
    for state in ("canceled", "reviewing"):
        with write_session(engine) as session:
            session.get_one(Round, round_id).state = state
        tags.append(_tag(ann, path))
    # Going back to review with the same decisions is the round one has seen.
    assert tags[-1] == tags[-3]
    assert len(set(tags)) == len(tags) - 2


def test_nobody_approves_decisions_he_has_not_seen(client_of: ClientOf, round_id: int) -> None:
    ann, bob = client_of("ann"), client_of("bob")
    path = f"/rounds/{round_id}"
    tag = _tag(ann, path)
    _decide(bob, 1, "reject")
    refused = ann.post(f"{path}/approve", headers={"If-Match": tag})
    assert refused.status_code == 412
    assert "7 unreviewed, 0 accepted, 1 rejected" in refused.json()["detail"]
    assert ann.get(path).json()["state"] == "reviewing"
    approved = ann.post(f"{path}/approve", headers={"If-Match": _tag(ann, path)})
    assert (approved.status_code, approved.json()["excluded_images"]) == (202, 1)
    # The round has left review meanwhile.
    assert bob.post(f"{path}/approve", headers={"If-Match": _tag(bob, path)}).status_code == 409
    assert bob.post(f"{path}/approve", headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_a_script_may_approve_whatever_it_is(
    client_of: ClientOf, round_id: int, headers: dict[str, str]
) -> None:
    ann = client_of("ann")
    _decide(ann, 1, "reject")
    assert ann.post(f"/rounds/{round_id}/approve", headers=headers).status_code == 202
