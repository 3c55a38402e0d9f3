"""Canceling at every stage, and going on from there; workers and whole set-ups that stop in mid-job."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.studio_process import Studio, processes_of, running_studio, wait_for

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def long_target(streets: Studio) -> Studio:
    streets.register_streets("long", "target", count=40, seed=5)
    return streets


def _cancel(studio: Studio, run_id: int) -> dict[str, Any]:
    """Cancel, wait until the run says so, and see that nothing is written afterwards."""
    studio.post(f"/runs/{run_id}/cancel")
    run = studio.wait_for_run(run_id, "canceled")
    assert run["active_job_id"] is None
    before = studio.stored_files(run_id), studio.get("/jobs", run_id=run_id)
    time.sleep(1)
    assert (studio.stored_files(run_id), studio.get("/jobs", run_id=run_id)) == before
    with studio.client as client:
        assert client.post(f"/runs/{run_id}/cancel").status_code == 409
    return run


def _finish(studio: Studio, run_id: int) -> dict[str, Any]:
    """Lead a run of one round to its end."""

    def _ended() -> Any:
        run = studio.get(f"/runs/{run_id}")
        assert run["state"] not in ("failed", "canceled"), run["error"]
        if run["state"] == "waiting_for_review":
            studio.post(f"/runs/{run_id}/advance")
        return run if run["state"] == "succeeded" else None

    run: dict[str, Any] = wait_for(f"run {run_id} to succeed", _ended)
    return run


def test_a_run_canceled_in_every_stage_goes_on_each_time_and_finishes(long_target: Studio) -> None:
    studio = long_target
    run_id = studio.start_run(
        "canceled",
        target_set="long",
        validation_set="long",
        rounds=1,
        warm_up__iterations=40,
        training__iterations=60,
        # Many scales, so that labelling and scoring 40 small images take long enough to be met.
        labelling__scales=[1.0, 1.5, 2.0, 2.5, 3.0],
        evaluation__scales=[1.0, 1.5, 2.0, 2.5, 3.0],
    )
    studio.wait_for_job(run_id, "warm_up")
    assert _cancel(studio, run_id)["rounds"] == []

    studio.post(f"/runs/{run_id}/advance")
    studio.wait_for_job(run_id, "generate_labels", done=3)
    round_ = _cancel(studio, run_id)["rounds"][0]
    assert round_["state"] == "canceled"
    written = studio.get(f"/rounds/{round_['id']}/labels")["items"]
    assert 3 <= len(written) < 40
    # What is there stays open to look at.
    with studio.client as client:
        assert client.get(f"/labels/{written[0]['id']}/layers/kept").status_code == 200

    studio.post(f"/runs/{run_id}/advance")
    studio.wait_for_run(run_id, "waiting_for_review")
    labels = studio.get(f"/rounds/{round_['id']}/labels")["items"]
    assert [label["order"] for label in labels] == list(range(40))
    assert [label["id"] for label in labels[: len(written)]] == [label["id"] for label in written]
    assert _cancel(studio, run_id)["rounds"][0]["state"] == "canceled"

    studio.post(f"/runs/{run_id}/advance")
    assert studio.wait_for_run(run_id, "waiting_for_review")["rounds"][0]["state"] == "reviewing"
    studio.post(f"/runs/{run_id}/advance")
    studio.wait_for_job(run_id, "train_round")
    round_ = _cancel(studio, run_id)["rounds"][0]
    assert (round_["state"], round_["training"]) == ("canceled", None)

    studio.post(f"/runs/{run_id}/advance")
    studio.wait_for_job(run_id, "evaluate", done=0)
    assert _cancel(studio, run_id)["rounds"][0]["training"]["images"] == 40
    studio.post(f"/runs/{run_id}/advance")
    round_ = _finish(studio, run_id)["rounds"][0]
    assert (round_["state"], round_["evaluation"]["images"]) == ("finished", 40)


@pytest.mark.parametrize("studio", ["embedded"], indirect=True)
def test_a_canceled_scan_can_be_scanned_again(streets: Studio) -> None:
    options = {"look": "source", "count": 30, "seed": 3, "height": 128, "width": 256}
    spec = {"kind": "streets", "root": str(streets.home / "scan"), "streets": options}
    dataset = streets.post("/datasets", {"name": "canceled scan", "spec": spec})
    job_path = f"/jobs/{dataset['scan_job_id']}"
    wait_for("a first scene", lambda: streets.get(job_path)["done"] >= 1)
    streets.post(f"{job_path}/cancel")
    dataset = streets.wait_for_dataset(dataset["id"])
    assert (dataset["state"], dataset["image_count"]) == ("failed", 0)
    assert "scan again" in dataset["error"]
    streets.post(f"/datasets/{dataset['id']}/scan")
    assert streets.wait_for_dataset(dataset["id"])["image_count"] == 30


@pytest.fixture
def own_studio() -> Iterator[Studio]:
    """A studio whose processes a test may end."""
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    with running_studio(home) as running:
        running.register_streets("source", "source", count=4, seed=7)
        running.register_streets("target", "target", count=4, seed=11)
        yield running
    shutil.rmtree(home)


def _long_run(studio: Studio) -> tuple[int, int]:
    run_id = studio.start_run("long", validation_set="target", rounds=1, warm_up__iterations=120)
    return run_id, studio.wait_for_job(run_id, "warm_up")["id"]


def test_a_job_interrupted_by_a_restart_of_everything_is_done_by_the_new_worker(
    own_studio: Studio,
) -> None:
    run_id, job_id = _long_run(own_studio)
    own_studio.stop()
    own_studio.up()
    log = own_studio.get(f"/jobs/{job_id}")
    assert log["state"] in ("queued", "running")
    run = _finish(own_studio, run_id)
    job = own_studio.get(f"/jobs/{job_id}")
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert run["rounds"][0]["label_count"] == 4


def test_a_killed_job_process_fails_with_a_sentence_and_can_be_retried(own_studio: Studio) -> None:
    run_id, job_id = _long_run(own_studio)
    commands = processes_of(own_studio.home)
    os.kill(
        next(pid for pid, command in commands.items() if "worker.job_process" in command), signal.SIGKILL
    )
    run = own_studio.wait_for_run(run_id, "failed")
    assert "SIGKILL" in run["error"]
    assert "retry" in run["error"]
    own_studio.post(f"/jobs/{job_id}/retry")
    _finish(own_studio, run_id)
    assert own_studio.get(f"/jobs/{job_id}")["attempt"] == 2
