"""Jobs that do not answer, and supervisors that fall silent while their job is under way."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.studio_process import wait_for
from tests.faults.by_hand import Service, temporary_service
from tests.faults.damage import IMPATIENT, files_of, finish

pytestmark = pytest.mark.services
LONGER_THAN_A_LEASE = float(IMPATIENT["STUDIO_LEASE_SECONDS"]) + 2


@pytest.fixture(scope="module")
def hospital() -> Iterator[Service]:
    with temporary_service() as made:
        made.start_worker()
        made.register_streets("source", "source", count=4, seed=7)
        made.register_streets("target", "target", count=6, seed=11)
        made.register_streets("validation", "target", count=3, seed=23)
        yield made


def _events(service_: Service, job_id: int, attempt: int) -> list[str]:
    with service_.client as client:
        lines = client.get(f"/jobs/{job_id}/log").text.splitlines()
    return [line for line in lines if f"[attempt {attempt}]" in line]


def test_a_frozen_job_keeps_its_lease_and_a_cancel_kills_it_after_the_grace(hospital: Service) -> None:
    run_id = hospital.start_run("frozen", rounds=1, warm_up__iterations=60)
    job_id = hospital.wait_for_job(run_id, "warm_up")["id"]
    pid = hospital.job_of("worker")
    # A stopped process hears a TERM as little as one that is stuck in native code.
    os.kill(pid, signal.SIGSTOP)
    time.sleep(LONGER_THAN_A_LEASE)
    job = hospital.get(f"/jobs/{job_id}")
    assert (job["state"], job["attempt"]) == ("running", 1)
    hospital.post(f"/jobs/{job_id}/cancel")
    run = hospital.wait_for_run(run_id, "canceled")
    assert run["active_job_id"] is None
    job = hospital.get(f"/jobs/{job_id}")
    assert (job["state"], job["attempt"]) == ("canceled", 1)
    wait_for("the process to be gone", lambda: not _alive(pid))
    hospital.post(f"/runs/{run_id}/advance")
    again = hospital.wait_for_job(run_id, "warm_up")
    # A slow machine may have been late with a heartbeat, which costs an attempt.
    assert (again["id"], again["attempt"] > 1) == (job_id, True)
    hospital.post(f"/runs/{run_id}/cancel")
    hospital.wait_for_run(run_id, "canceled")


def _computes(pid: int) -> bool:
    """Is the process more than an exit code that its frozen parent has not fetched?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("also_its_job", [False, True], ids=["supervisor", "supervisor and job"])
def test_what_a_silent_supervisor_left_is_done_by_another_and_it_writes_nothing_when_it_wakes(
    hospital: Service, also_its_job: bool
) -> None:
    # A job that is not frozen itself must not be done before the lease has ended.
    iterations = 30 if also_its_job else 5000
    settings: dict[str, Any] = {"warm_up__iterations": iterations, "compute__checkpoint_every": 5}
    run_id = hospital.start_run("silent", rounds=1, **settings)
    job_id = hospital.wait_for_job(run_id, "warm_up", done=6)["id"]
    job = hospital.job_of("worker")
    frozen = [hospital.parts["worker"].pid, *([job] if also_its_job else [])]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    second = hospital.start_worker("second")
    wait_for("the second attempt", lambda: hospital.get(f"/jobs/{job_id}")["attempt"] == 2)
    if not also_its_job:
        wait_for("the old job to notice by itself", lambda: not _computes(job))
        hospital.wait_for_job(run_id, "warm_up")
        hospital.post(f"/runs/{run_id}/cancel")
        hospital.wait_for_run(run_id, "canceled")
    else:
        finish(hospital, run_id)
    before = _written(hospital, run_id, job_id)
    for pid in reversed(frozen):
        os.kill(pid, signal.SIGCONT)
    wait_for("the old worker to let go", lambda: _has_left(hospital, job_id))
    assert _written(hospital, run_id, job_id) == before
    assert hospital.get(f"/jobs/{job_id}")["attempt"] == 2
    second.terminate()
    second.wait()


def _has_left(service_: Service, job_id: int) -> bool:
    """Has the first worker logged that it is done with this job?"""
    logged = (
        json.loads(line)
        for line in service_.log_of("worker").splitlines()
        if line.startswith("{") and line.endswith("}")
    )
    return any(event["event"] == "job.left" and event["job_id"] == job_id for event in logged)


def _written(service_: Service, run_id: int, job_id: int) -> tuple[Any, ...]:
    return files_of(service_, run_id), _events(service_, job_id, 1), service_.get(f"/jobs/{job_id}")
