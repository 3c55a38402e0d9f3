"""Claims on labels, on both databases: whom they lead where, and that they forbid nothing."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from backend.database import now, read_session, write_session
from backend.errors import ConflictError
from backend.labels.service import list_labels, read_label
from backend.labels.tables import Label
from backend.reviews import claims, repository
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.tables import LabelClaim
from backend.rounds.tables import Round
from hiast.contracts.errors import NotFoundError, UserError
from tests.backend.reviews.conftest import ClientOf
from tests.backend.reviews.seeded_round import LABELS

pytestmark = pytest.mark.services


def _claim(engine: Engine, label_id: int, person: str) -> LabelClaim:
    with write_session(engine) as session:
        return claims.claim(session, label_id, person)


def _next(
    engine: Engine, round_id: int, person: str, sort: str = "order", after: int | None = None
) -> int | None:
    with write_session(engine) as session:
        label = claims.claim_next(session, round_id, person, sort=sort, after=after)
        return None if label is None else label.position


def _decide(engine: Engine, label_id: int, person: str, decision: str = "accept") -> None:
    with write_session(engine) as session:
        body = ReviewCreate.model_validate({"decision": decision})
        decide(session, label_id, body, person, "*")


def _expire(engine: Engine) -> None:
    with write_session(engine) as session:
        session.execute(update(LabelClaim).values(expires_at=now() - timedelta(seconds=1)))


def _holders(engine: Engine) -> dict[int, str]:
    with read_session(engine) as session:
        return {claim.label_id: claim.person for claim in session.scalars(select(LabelClaim))}


def _shown_claim(engine: Engine, label_id: int) -> tuple[str, datetime] | None:
    with read_session(engine) as session:
        label = session.get_one(Label, label_id)
        shown = read_label(session, label, "cleo").claim
        page = list_labels(
            session, label.round_id, sort="order", status=None, class_id=None, cursor=None, limit=100
        )
        assert next(item for item in page.items if item.id == label_id).claim == shown
        return (shown.person, shown.expires_at) if shown else None


@pytest.mark.usefixtures("round_id")
def test_a_claim_is_renewed_by_its_holder_and_refused_to_others(engine: Engine) -> None:
    first = _claim(engine, 3, "ann")
    assert timedelta() < first.expires_at - now() <= claims.CLAIM_TIME
    renewed = _claim(engine, 3, "ann")
    assert renewed.expires_at > first.expires_at
    with pytest.raises(ConflictError, match=f"ann is looking .* until {renewed.expires_at:%H:%M:%S} UTC"):
        _claim(engine, 3, "bob")
    assert _shown_claim(engine, 3) == ("ann", renewed.expires_at)


def test_an_expired_claim_counts_as_none_and_is_replaced(engine: Engine, round_id: int) -> None:
    _claim(engine, 1, "ann")
    _expire(engine)
    assert _shown_claim(engine, 1) is None
    assert _next(engine, round_id, "bob") == 0
    assert _holders(engine) == {1: "bob"}


@pytest.mark.usefixtures("round_id")
def test_letting_go_ends_ones_own_claim_alone(engine: Engine) -> None:
    _claim(engine, 1, "ann")
    for person, left in (("bob", {1: "ann"}), ("ann", {}), ("ann", {})):
        with write_session(engine) as session:
            claims.let_go(session, 1, person)
        assert _holders(engine) == left
    with pytest.raises(NotFoundError), write_session(engine) as session:
        claims.let_go(session, 99, "ann")


def test_the_next_label_is_unreviewed_free_and_behind_in_the_order_asked_for(
    engine: Engine, round_id: int
) -> None:
    _decide(engine, 1, "ann")
    _claim(engine, 2, "ann")
    assert _next(engine, round_id, "bob") == 2
    # One's own claim is no obstacle.
    assert _next(engine, round_id, "ann") == 1
    assert _next(engine, round_id, "bob", after=3) == 3
    assert _next(engine, round_id, "bob", "-order") == LABELS - 1
    assert _next(engine, round_id, "cleo", "kept_share") == 4
    assert _next(engine, round_id, "cleo", "kept_share", after=5) == 5
    assert _next(engine, round_id, "cleo", after=LABELS) is None


def test_after_must_be_a_label_of_the_round(engine: Engine, round_id: int) -> None:
    with write_session(engine) as session:
        label = session.get_one(Label, 1)
        other = Round(run_id=1, number=2, state="reviewing", image_count=1)
        session.add(other)
        session.flush()
        label.round_id = other.id
    with pytest.raises(UserError, match="belongs to round 2"):
        _next(engine, round_id, "ann", after=1)
    with pytest.raises(NotFoundError):
        _next(engine, round_id, "ann", after=99)
    with pytest.raises(NotFoundError):
        _next(engine, 99, "ann")


@pytest.mark.usefixtures("round_id")
def test_claims_forbid_nobody_to_decide_and_a_decision_ends_ones_own(engine: Engine) -> None:
    _claim(engine, 1, "ann")
    _decide(engine, 1, "bob")
    assert _holders(engine) == {1: "ann"}
    _decide(engine, 1, "ann", "reset")
    assert _holders(engine) == {}


def test_a_round_that_trains_gives_no_labels(engine: Engine, round_id: int) -> None:
    with write_session(engine) as session:
        session.get_one(Round, round_id).state = "training"
    for ask in (lambda: _next(engine, round_id, "ann"), lambda: _claim(engine, 1, "ann")):
        with pytest.raises(ConflictError, match="training"):
            ask()


def test_people_who_ask_at_once_never_get_the_same_label(engine: Engine, round_id: int) -> None:
    people = [f"p{number}" for number in range(6)]
    for _ in range(8):
        _expire(engine)
        got: list[int | None] = []
        start = threading.Barrier(len(people))

        def _ask(person: str, start: threading.Barrier = start, got: list[int | None] = got) -> None:
            start.wait()
            got.append(_next(engine, round_id, person))

        threads = [threading.Thread(target=_ask, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Everybody got one, for there are more labels than people.
        assert None not in got
        assert len(set(got)) == len(people), got


def test_a_claim_made_between_look_and_lock_is_respected(
    engine: Engine, round_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claim(engine, 1, "ann")
    look, looks = repository.lock_next_free, []

    def _look_too_early(session: Session, *asked: Any, **more: Any) -> Label | None:
        # PostgreSQL may answer with what was free when the statement began.
        looks.append(asked)
        return session.get_one(Label, 1) if len(looks) == 1 else look(session, *asked, **more)

    monkeypatch.setattr(repository, "lock_next_free", _look_too_early)
    assert _next(engine, round_id, "bob") == 1
    assert _holders(engine) == {1: "ann", 2: "bob"}


def test_two_people_work_a_round_off_without_meeting(client_of: ClientOf, round_id: int) -> None:
    decided: dict[str, list[int]] = {"ann": [], "bob": []}
    faults: list[str] = []

    def _work(person: str) -> None:
        client = client_of(person)
        while (answer := client.post(f"/rounds/{round_id}/next")).status_code == 201:
            label = answer.json()
            if label["claim"]["person"] != person or label["status"] != "unreviewed":
                faults.append(f"{person} got {label}")
            tag = client.get(answer.headers["location"].removeprefix("/api/v1")).headers["etag"]
            url = f"/labels/{label['id']}/review"
            review = client.post(url, json={"decision": "accept"}, headers={"If-Match": tag})
            if review.status_code != 201:
                faults.append(f"{person} was refused: {review.text}")
                return
            decided[person].append(label["id"])
        if answer.status_code != 204:
            faults.append(answer.text)

    threads = [threading.Thread(target=_work, args=(person,)) for person in decided]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(decided["ann"] + decided["bob"]) == list(range(1, LABELS + 1))


def test_claims_over_http(client_of: ClientOf, round_id: int) -> None:
    ann, bob = client_of("ann"), client_of("bob")
    claimed = ann.post("/labels/2/claim")
    assert (claimed.status_code, claimed.json()["person"]) == (200, "ann")
    refused = bob.post("/labels/2/claim")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert "ann is looking at label 2 until" in refused.json()["detail"]
    assert bob.get("/labels/2").json()["claim"] == claimed.json()
    assert bob.delete("/labels/2/claim").status_code == 204
    assert bob.post(f"/rounds/{round_id}/next", params={"after": 1}).json()["id"] == 3
    assert ann.delete("/labels/2/claim").status_code == 204
    assert bob.post(f"/rounds/{round_id}/next", params={"after": 1, "sort": "order"}).json()["id"] == 2
    assert bob.post(f"/rounds/{round_id}/next", params={"after": LABELS}).status_code == 204
    assert bob.post(f"/rounds/{round_id}/next", params={"sort": "colour"}).status_code == 422
