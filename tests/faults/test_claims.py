"""Two worker processes want every one of 3,000 jobs at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.artifacts.directory import DirectoryStore
from backend.database import open_engine, read_session, write_session
from backend.datasets.tables import Dataset
from backend.doctor import find_problems
from backend.jobs import queue
from backend.migrations import upgrade_database
from hiast.contracts.datasets import DatasetSpec
from tests.end_to_end.studio_process import ROOT
from tests.faults.database_server import database_server

pytestmark = pytest.mark.services
JOBS = 3000


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'studio.sqlite'}"
        return
    with database_server() as server:
        yield server.url


def _claimant(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.claim_everything", url]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_each_of_3000_jobs_goes_to_one_of_two_workers(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "wake_worker", lambda _job_id, **_options: None)
    upgrade_database(url)
    engine = open_engine(url)
    spec = DatasetSpec(kind="folder", root=str(tmp_path))
    with write_session(engine) as session:
        datasets = [Dataset(name=f"set {number}", spec=spec) for number in range(JOBS)]
        session.add_all(datasets)
        session.flush()
        jobs = [
            queue.enqueue(session, "scan_dataset", "scan", dataset_id=dataset.id) for dataset in datasets
        ]
        ids = [job.id for job in jobs]
    workers = [_claimant(url) for _ in range(2)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    shares = [worker.communicate(timeout=240)[0].split("\n")[:-1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(line for share in shares for line in share) == sorted(f"{job_id} 1" for job_id in ids)
    # Both had some of it, or they never met.
    assert all(shares)
    with read_session(engine) as session:
        assert find_problems(session, DirectoryStore(tmp_path)) == []
    engine.dispose()
