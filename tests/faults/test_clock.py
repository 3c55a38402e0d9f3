"""Clocks that are wrong, and clocks that jump while jobs run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.studio_process import ROOT, Studio, wait_for
from tests.faults.by_hand import Service, temporary_service
from tests.faults.damage import attempts, descendants_of
from tests.faults.database_server import database_server

pytestmark = pytest.mark.services
HOUR = 3600
SETTINGS: dict[str, Any] = {"rounds": 1, "warm_up__iterations": 200, "compute__checkpoint_every": 5}


def _shifted(file: Path) -> dict[str, str]:
    """The environment of a process whose clock is off by what the file says."""
    return {
        "PYTHONPATH": f"{ROOT / 'tests' / 'faults' / 'shifted_clock'}:{ROOT}",
        "SHIFTED_CLOCK": str(file),
    }


def _register(studio: Studio) -> None:
    studio.register_streets("source", "source", count=4, seed=7)
    studio.register_streets("target", "target", count=4, seed=11)


def _labelled_by_one_job_at_once(studio: Service, run_id: int) -> Any:
    jobs = [pid for pid in descendants_of(studio.parts["worker"].pid) if _is_job(pid)]
    assert len(jobs) <= 1
    return studio.get(f"/runs/{run_id}")["state"] == "waiting_for_review"


def _is_job(pid: int) -> bool:
    try:
        return "worker.job_process" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_a_worker_whose_clock_is_wrong_keeps_its_jobs(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    with database_server() as server, temporary_service(server.url) as studio:
        studio.start_worker(**_shifted(shift))
        _register(studio)
        for hours in (1, -1):
            shift.write_text(str(hours * HOUR))
            run_id = studio.start_run("wrong", validation_set="target", **SETTINGS)
            studio.wait_for_run(run_id, "waiting_for_review")
            assert attempts(studio, run_id) == {"warm_up": 1, "generate_labels": 1}
            studio.post(f"/runs/{run_id}/cancel")


def test_a_clock_that_jumps_to_and_fro_loses_no_job_and_starts_none_twice_at_once(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    with temporary_service() as studio:
        studio.parts["api"].terminate()
        studio.parts["api"].wait()
        studio.start_api(**_shifted(shift))
        studio.start_worker(**_shifted(shift))
        _register(studio)
        run_id = studio.start_run("jumps", validation_set="target", **SETTINGS)
        studio.wait_for_job(run_id, "warm_up", done=5)
        shift.write_text(str(HOUR))
        studio.wait_for_job(run_id, "warm_up", done=15)
        shift.write_text(str(-HOUR))
        wait_for("the labels", lambda: _labelled_by_one_job_at_once(studio, run_id))
        # At most the two jumps have interrupted it.
        assert attempts(studio, run_id)["warm_up"] <= 3
        studio.post(f"/runs/{run_id}/cancel")
