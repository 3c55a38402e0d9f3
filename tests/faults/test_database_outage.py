"""PostgreSQL freezes, and is restarted, while a job runs and people review."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.end_to_end.studio_process import Studio, wait_for
from tests.faults.by_hand import temporary_service
from tests.faults.damage import attempts, finish
from tests.faults.database_server import database_server

pytestmark = pytest.mark.services
OUTAGE_SECONDS = 10.0


@dataclass
class Reviewer:
    """Decides on one label after the other and remembers what the service answered."""

    studio: Studio
    labels: list[int]
    acknowledged: list[str] = field(default_factory=list)
    refusals: list[httpx.Response] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            comment = f"{threading.get_ident()} {number}"
            body = {"decision": "accept", "comment": comment}
            path = f"/labels/{self.labels[number % len(self.labels)]}/review"
            with self.studio.client as client:
                answer = client.post(path, json=body, headers={"If-Match": "*"}, timeout=60)
            if answer.is_success:
                self.acknowledged.append(comment)
            else:
                self.refusals.append(answer)
            time.sleep(0.1)


@contextmanager
def reviewing(studio: Studio, labels: list[int]) -> Iterator[Reviewer]:
    reviewer = Reviewer(studio, labels)
    threads = [threading.Thread(target=reviewer.work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield reviewer
    finally:
        reviewer.stop.set()
        for thread in threads:
            thread.join()


def _comments(studio: Studio, labels: list[int]) -> list[str]:
    return [review["comment"] for label in labels for review in studio.get(f"/labels/{label}")["reviews"]]


def test_jobs_and_reviews_get_over_a_frozen_and_a_restarted_database() -> None:
    with database_server() as server, temporary_service(server.url, STUDIO_LEASE_SECONDS="30") as studio:
        studio.start_worker()
        studio.register_streets("source", "source", count=4, seed=7)
        studio.register_streets("target", "target", count=4, seed=11)
        reviewed = studio.start_run("reviewed", validation_set="target", rounds=1)
        round_ = studio.wait_for_run(reviewed, "waiting_for_review")["rounds"][0]
        labels = [label["id"] for label in studio.get(f"/rounds/{round_['id']}/labels")["items"]]
        run_id = studio.start_run("runs", validation_set="target", rounds=1, warm_up__iterations=900)
        with reviewing(studio, labels) as reviewer:
            studio.wait_for_job(run_id, "warm_up", done=5)
            server.freeze()
            time.sleep(OUTAGE_SECONDS)
            server.thaw()
            _writes_again(reviewer)
            server.stop()
            time.sleep(OUTAGE_SECONDS)
            server.start()
            _writes_again(reviewer)
        assert {answer.status_code for answer in reviewer.refusals} == {503}
        for answer in reviewer.refusals:
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
        comments = _comments(studio, labels)
        assert len(comments) == len(set(comments))
        assert set(reviewer.acknowledged) <= set(comments)
        finish(studio, run_id)
        assert set(attempts(studio, run_id).values()) == {1}


def _writes_again(reviewer: Reviewer) -> None:
    before = len(reviewer.acknowledged)
    wait_for("acknowledged decisions", lambda: len(reviewer.acknowledged) > before + 3)
