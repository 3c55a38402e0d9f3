"""The broker dies, forgets, and loses its disk; the database knows what is to be done."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import Any

import pytest
import redis

from tests.end_to_end.studio_process import Studio
from tests.faults.damage import attempts, kill, process_of, replaced

pytestmark = pytest.mark.services


def _scan(studio: Studio, name: str) -> int:
    """Register a small data set; the id of its scan job."""
    options = {"look": "source", "count": 2, "seed": 1, "height": 64, "width": 128}
    spec = {"kind": "streets", "root": str(studio.home / "scenes" / name), "streets": options}
    made: dict[str, Any] = studio.post("/datasets", {"name": name, "spec": spec})
    return int(made["scan_job_id"])


def _job_states(studio: Studio, jobs: list[int]) -> list[tuple[str, int]]:
    found = [studio.get(f"/jobs/{job_id}") for job_id in jobs]
    return [(job["state"], job["attempt"]) for job in found]


def test_a_broker_that_dies_forgets_and_loses_its_data_costs_no_job(studio: Studio) -> None:
    run_id = studio.start_run("without broker", rounds=1, warm_up__iterations=40)
    studio.wait_for_job(run_id, "warm_up")
    jobs = [_scan(studio, "queued before")]
    replaced(studio, "broker", kill(studio, "broker"))
    jobs.append(_scan(studio, "queued behind a restart"))
    redis.Redis(unix_socket_path=str(studio.home / "valkey.sock")).flushall()
    jobs.append(_scan(studio, "queued after all was forgotten"))
    old = process_of(studio, "broker")
    os.kill(old, signal.SIGSTOP)
    shutil.rmtree(studio.home / "appendonlydir")
    os.kill(old, signal.SIGKILL)
    jobs.append(_scan(studio, "queued without a broker"))
    replaced(studio, "broker", old)
    studio.wait_for_run(run_id, "waiting_for_review")
    for job_id in jobs:
        studio.wait_for_dataset(studio.get(f"/jobs/{job_id}")["dataset_id"])
    assert _job_states(studio, jobs) == [("succeeded", 1)] * 4
    assert attempts(studio, run_id) == {"warm_up": 1, "generate_labels": 1}
    studio.post(f"/runs/{run_id}/cancel")


def test_wake_ups_do_not_pile_up_behind_a_busy_worker(studio: Studio) -> None:
    run_id = studio.start_run("busy", rounds=1, warm_up__iterations=5000)
    studio.wait_for_job(run_id, "warm_up")
    jobs = [_scan(studio, f"behind a long job {number}") for number in range(4)]
    # Several turns of the sweeper, which sends again what seems to be lost.
    time.sleep(8)
    broker = redis.Redis(unix_socket_path=str(studio.home / "valkey.sock"))
    waiting = sum(broker.llen(key) for key in broker.scan_iter(_type="list"))
    # Each was announced, and perhaps once more; one a turn would be 32 by now.
    assert waiting <= 2 * len(jobs) + 1
    studio.post(f"/runs/{run_id}/cancel")
    for job_id in jobs:
        studio.wait_for_dataset(studio.get(f"/jobs/{job_id}")["dataset_id"])
    assert _job_states(studio, jobs) == [("succeeded", 1)] * 4
