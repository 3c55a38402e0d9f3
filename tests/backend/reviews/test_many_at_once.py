"""A hundred requests at the same moment, over real HTTP: more than there are threads and connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.backend.reviews.conftest import ClientOf

pytestmark = pytest.mark.services
AT_ONCE = 100


def test_a_hundred_decisions_on_one_label_are_all_answered_and_recorded(client_of: ClientOf) -> None:
    together = Barrier(AT_ONCE)

    def _decide(number: int) -> tuple[int, int]:
        client = client_of(f"p{number}")
        together.wait()
        body = {"decision": "accept", "comment": str(number)}
        answer = client.post("/labels/1/review", json=body, headers={"If-Match": "*"}, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"], number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        acknowledged = sorted(pool.map(_decide, range(AT_ONCE)))
    assert [version for version, _ in acknowledged] == list(range(2, AT_ONCE + 2))
    reviews = client_of("ann").get("/labels/1").json()["reviews"]
    assert [int(review["comment"]) for review in reviews] == [number for _, number in acknowledged]


def test_those_who_read_wait_for_those_who_write_no_longer_than_for_a_thread(
    client_of: ClientOf, round_id: int
) -> None:
    together = Barrier(AT_ONCE)

    def _ask(number: int) -> int:
        client = client_of(f"p{number}")
        together.wait()
        if number % 2:
            return client.post(f"/labels/{1 + number % 8}/claim", timeout=60).status_code
        return client.get(f"/rounds/{round_id}/labels", timeout=60).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(_ask, range(AT_ONCE)))
    # A claim goes to the first of those who ask for the label.
    assert {answers[number] for number in range(0, AT_ONCE, 2)} == {200}
    assert sorted(answers[number] for number in range(1, AT_ONCE, 2)) == [200] * 4 + [409] * 46
