"""The disk of the artifacts, and the one of the database, is full in the middle of a run."""

from __future__ import annotations

import shutil
import time
from typing import Any

import pytest

from tests.end_to_end.studio_process import Studio, wait_for
from tests.faults.by_hand import Service, service, short_directory
from tests.faults.damage import files_of, finish, problems_of
from tests.faults.small_disk import small_disk

pytestmark = pytest.mark.services
SLOW_LABELS: dict[str, Any] = {"labelling__scales": [3.0, 4.0, 5.0], "warm_up__iterations": 4}


def _register(studio: Studio, targets: int) -> None:
    studio.register_streets("source", "source", count=4, seed=7)
    studio.register_streets("target", "target", count=targets, seed=11)
    studio.register_streets("validation", "target", count=3, seed=23)


def _failed_for_space(studio: Service, run_id: int) -> None:
    run = studio.wait_for_run(run_id, "failed")
    assert "No space left on device" in run["error"]
    assert "Free disk space" in run["error"]
    assert not [name for name in files_of(studio, run_id) if name.endswith(".tmp")]
    assert problems_of(studio) == []


def test_a_step_whose_files_do_not_fit_fails_with_a_sentence_and_goes_on_when_there_is_space() -> None:
    home = short_directory()
    artifacts = home / "artifacts"
    artifacts.mkdir()
    with small_disk(artifacts, 20) as disk, service(home) as studio:
        studio.start_worker()
        _register(studio, targets=12)
        run_id = studio.start_run("full", rounds=1, **SLOW_LABELS)
        studio.wait_for_job(run_id, "generate_labels", done=3)
        disk.fill()
        _failed_for_space(studio, run_id)
        disk.make_space()
        studio.post(f"/runs/{run_id}/advance")
        round_ = studio.wait_for_run(run_id, "waiting_for_review")["rounds"][0]
        labels = studio.get(f"/rounds/{round_['id']}/labels")["items"]
        assert [label["order"] for label in labels] == list(range(12))
        disk.fill()
        studio.post(f"/runs/{run_id}/advance")
        _failed_for_space(studio, run_id)
        disk.make_space()
        studio.post(f"/runs/{run_id}/advance")
        finish(studio, run_id)
    shutil.rmtree(home)


def test_a_full_disk_under_the_database_refuses_writes_and_the_run_goes_on_when_there_is_space() -> None:
    home = short_directory()
    with small_disk(home, 40) as disk, service(home) as studio:
        studio.start_worker()
        _register(studio, targets=4)
        reviewed = studio.start_run("reviewed", rounds=1)
        round_ = studio.wait_for_run(reviewed, "waiting_for_review")["rounds"][0]
        label_id = int(studio.get(f"/rounds/{round_['id']}/labels")["items"][0]["id"])
        run_id = studio.start_run("full", rounds=1, warm_up__iterations=400)
        studio.wait_for_job(run_id, "warm_up", done=5)
        disk.fill()
        refused = wait_for("a refused write", lambda: _review(studio, label_id, 503))
        assert refused["status"] == 503
        # Longer than a lease: nothing can be recorded, so nothing may be lost either.
        time.sleep(8)
        assert studio.get(f"/labels/{label_id}")["id"] == label_id
        disk.make_space()
        wait_for("an accepted write", lambda: _review(studio, label_id, 201))
        finish(studio, run_id)
    home.rmdir()


def _review(studio: Studio, label_id: int, status: int) -> Any:
    with studio.client as client:
        body = {"decision": "accept", "comment": "x" * 2000}
        answer = client.post(f"/labels/{label_id}/review", json=body, headers={"If-Match": "*"})
    return answer.json() if answer.status_code == status else None
