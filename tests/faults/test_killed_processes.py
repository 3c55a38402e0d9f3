"""Workers, jobs, the API and the whole set-up die in the middle of their work."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.end_to_end.studio_process import Studio, processes_of, wait_for
from tests.faults.damage import attempts, files_of, finish, kill, problems_of, process_of, replaced

pytestmark = pytest.mark.services
SLOW: dict[str, Any] = {
    "target_set": "long",
    "validation_set": "validation",
    "rounds": 1,
    "warm_up__iterations": 24,
    "training__iterations": 24,
    "compute__checkpoint_every": 4,
    # Several scales, so that labelling takes long enough to be met.
    "labelling__scales": [1.0, 2.0, 3.0],
}


FOLDERS = {
    "warm_up": "warm_up",
    "generate_labels": "rounds/1/labels",
    "train_round": "rounds/1",
}
"""Where each step writes, below the folder of its run."""


def _lose_worker(studio: Studio, run_id: int, kind: str, done: int, number: signal.Signals) -> None:
    """Send the worker a signal in the middle of that step, and wait for the next worker."""
    studio.wait_for_job(run_id, kind, done)
    folder = studio.home / "artifacts" / "runs" / str(run_id) / FOLDERS[kind]
    # As if it had been writing a file, which it is only now and then.
    (folder / ".half a file.png.x1.tmp").write_bytes(b"half")
    replaced(studio, "worker", kill(studio, "worker", number))


def test_a_run_that_lost_its_worker_in_every_step_ends_with_the_same_files(studio: Studio) -> None:
    left_alone = studio.start_run("left alone", **SLOW)
    whole = finish(studio, left_alone)
    disturbed = studio.start_run("disturbed", **SLOW)
    _lose_worker(studio, disturbed, "warm_up", 6, signal.SIGTERM)
    _lose_worker(studio, disturbed, "generate_labels", 4, signal.SIGKILL)
    studio.wait_for_run(disturbed, "waiting_for_review")
    studio.post(f"/runs/{disturbed}/advance")
    _lose_worker(studio, disturbed, "train_round", 6, signal.SIGKILL)
    run = finish(studio, disturbed)
    begun = {"warm_up": 2, "generate_labels": 2, "train_round": 2, "evaluate": 1}
    assert attempts(studio, disturbed) == begun
    assert set(attempts(studio, left_alone).values()) == {1}
    expected = files_of(studio, left_alone)
    # The networks, the counts, and three files a label.
    assert len(expected) == 3 + 1 + 3 * 16
    assert files_of(studio, disturbed) == expected
    rounds = [made["rounds"][0] for made in (whole, run)]
    curves = [studio.get(f"/rounds/{round_['id']}/thresholds") for round_ in rounds]
    for name in ("image_names", "thresholds", "kept_shares"):
        assert curves[0][name] == curves[1][name]
    assert rounds[0]["evaluation"] == rounds[1]["evaluation"]
    assert "worker has stopped (SIGKILL)" in (studio.home / "up.log").read_text()


def test_a_killed_job_process_fails_with_a_sentence_and_can_be_retried(studio: Studio) -> None:
    run_id = studio.start_run("killed job", rounds=1, warm_up__iterations=40)
    job_id = studio.wait_for_job(run_id, "warm_up")["id"]
    kill(studio, "job")
    run = studio.wait_for_run(run_id, "failed")
    assert "SIGKILL" in run["error"]
    assert "retry" in run["error"]
    assert problems_of(studio) == []
    studio.post(f"/jobs/{job_id}/retry")
    studio.wait_for_run(run_id, "waiting_for_review")
    assert attempts(studio, run_id) == {"warm_up": 2, "generate_labels": 1}
    studio.post(f"/runs/{run_id}/cancel")


def test_a_set_up_that_is_stopped_and_then_killed_goes_on_when_started_again(studio: Studio) -> None:
    run_id = studio.start_run("restarted", rounds=1, warm_up__iterations=40, training__iterations=40)
    studio.wait_for_job(run_id, "warm_up")
    studio.stop()
    assert problems_of(studio) == []
    studio.up()
    studio.wait_for_run(run_id, "waiting_for_review")
    studio.post(f"/runs/{run_id}/advance")
    studio.wait_for_job(run_id, "train_round")
    assert studio.process is not None
    studio.process.kill()
    studio.process.wait()
    wait_for("every process to follow", lambda: not processes_of(studio.home), 60)
    assert problems_of(studio) == []
    studio.up()
    finish(studio, run_id)
    assert attempts(studio, run_id) == {"warm_up": 2, "generate_labels": 1, "train_round": 2, "evaluate": 1}


def _waiting_label(studio: Studio, name: str) -> tuple[int, list[int]]:
    """A run that waits for review: its id and its labels' ids."""
    run_id = studio.start_run(name, rounds=1)
    round_ = studio.wait_for_run(run_id, "waiting_for_review")["rounds"][0]
    labels = studio.get(f"/rounds/{round_['id']}/labels")["items"]
    return run_id, [label["id"] for label in labels]


def test_every_review_acknowledged_before_the_api_was_killed_is_there_and_none_twice(
    studio: Studio,
) -> None:
    run_id, labels = _waiting_label(studio, "killed API")
    acknowledged: list[int] = []
    enough = threading.Event()

    def _write(number: int) -> None:
        body = {"decision": "accept", "comment": f"write {number}"}
        label = labels[number % len(labels)]
        try:
            with studio.client as client:
                answer = client.post(f"/labels/{label}/review", json=body, headers={"If-Match": "*"})
        except httpx.TransportError:
            return
        if answer.is_success:
            acknowledged.append(number)
        if len(acknowledged) >= 40:
            enough.set()

    with ThreadPoolExecutor(16) as pool:
        pool.map(_write, range(200))
        assert enough.wait(60)
        replaced(studio, "api", kill(studio, "api"))
    assert 40 <= len(acknowledged) < 200
    comments = [
        review["comment"] for label in labels for review in studio.get(f"/labels/{label}")["reviews"]
    ]
    assert len(comments) == len(set(comments))
    assert {f"write {number}" for number in acknowledged} <= set(comments)
    studio.post(f"/runs/{run_id}/cancel")


def test_of_two_decisions_on_one_version_of_a_label_one_is_refused(studio: Studio) -> None:
    run_id, labels = _waiting_label(studio, "two reviewers")
    together = threading.Barrier(2)

    def _decide(label: int, decision: str) -> int:
        together.wait()
        with studio.client as client:
            body = {"decision": decision}
            return client.post(
                f"/labels/{label}/review", json=body, headers={"If-Match": '"1"'}
            ).status_code

    for label in labels:
        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(_decide, [label, label], ["accept", "reject"]))
        assert sorted(statuses)[1] == 412
        assert sorted(statuses)[0] < 300
        assert len(studio.get(f"/labels/{label}")["reviews"]) == 1
    studio.post(f"/runs/{run_id}/cancel")


def test_the_doctor_examines_a_studio_that_is_up(studio: Studio) -> None:
    done = subprocess.run(studio.command("doctor"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all is well\n"), done.stdout + done.stderr
    nowhere = Studio(studio.home / "nowhere", studio.port)
    done = subprocess.run(nowhere.command("doctor"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no database" in done.stderr
    assert not nowhere.home.exists()


def test_what_keeps_dying_is_started_again_with_growing_pauses(studio: Studio) -> None:
    log = studio.home / "up.log"
    before = log.read_text().count("starting it again")
    old = process_of(studio, "worker")
    for _ in range(3):
        os.kill(old, signal.SIGKILL)
        old = replaced(studio, "worker", old)
    told = log.read_text().splitlines()
    pauses = [line for line in told if "starting it again" in line][before:]
    assert len(pauses) == 3
    assert all("worker.log" in line for line in pauses)
    waits = [float(line.split("again in ")[1].split(" s")[0]) for line in pauses]
    assert waits == sorted(waits)
    assert waits[0] < waits[-1] <= 30
