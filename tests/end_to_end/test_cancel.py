"""Canceling at every stage, and going on from there."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.end_to_end.studio_process import Studio, wait_for

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
