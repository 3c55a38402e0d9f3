"""Data sets, runs and workers of a test, and what becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, select

from backend.database import read_session, write_session
from backend.datasets import service as datasets
from backend.datasets.schemas import DatasetCreate
from backend.datasets.tables import Dataset
from backend.jobs.tables import Job
from backend.runs import service as runs
from backend.runs.schemas import RunCreate
from backend.runs.tables import Run
from hiast.contracts.datasets import DatasetSpec
from tests.end_to_end.studio_process import ROOT
from tests.end_to_end.studio_process import TINY as TINY_RUN

# Without review or validation a run goes to its end by itself; two processes need frozen batch norm.
TINY: dict[str, Any] = {
    **TINY_RUN,
    "rounds": 1,
    "review": False,
    "validation": None,
    "training.iterations": 4,
    "training.freeze_batch_norm": True,
}
Answer = TypeVar("Answer")


def wait_for(what: str, check: Callable[[], Answer | None], seconds: float = 120.0) -> Answer:
    """The first true answer of `check`; fails saying what was awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.03)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


@dataclass
class Service:
    """A database, a home directory, and the workers started on them."""

    engine: Engine
    home: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, **settings: str) -> subprocess.Popen[bytes]:
        log = (self.home / f"worker-{len(self.workers)}.log").open("wb")
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.endless_worker"],
            cwd=ROOT,
            env={**self.environment, "PYTHONPATH": str(ROOT), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.workers.append(worker)
        return worker

    def processes(self) -> dict[int, str]:
        """Living processes of this home, without the test: process id and command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                told = f"STUDIO_HOME={self.home}".encode() in (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it ended while we looked
            if told and command:
                found[int(entry.name)] = command
        return found

    def job_processes(self) -> list[int]:
        """Ids of job processes, children included, oldest first."""
        return sorted(pid for pid, line in self.processes().items() if "worker.job_process" in line)

    def kill_everything(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for worker in self.workers:
            worker.wait()

    def add_streets(self, name: str, look: str, count: int) -> None:
        options = {"look": look, "count": count, "seed": 7, "height": 64, "width": 128}
        spec = {"kind": "streets", "root": str(self.home / "scenes" / name), "streets": options}
        body = DatasetCreate(name=name, spec=DatasetSpec.model_validate(spec))
        with write_session(self.engine) as session:
            dataset_id = datasets.register(session, body, [], "ann").id

        def _ready() -> bool:
            with read_session(self.engine) as session:
                dataset = session.get_one(Dataset, dataset_id)
            assert dataset.state != "failed", dataset.error
            return dataset.state == "ready"

        wait_for(f"the scan of {name}", _ready)

    def start_run(self, name: str = "run", **overrides: Any) -> int:
        fields = {**TINY, **{key.replace("__", "."): value for key, value in overrides.items()}}
        body = RunCreate(
            recipe="streets_from_scratch", name=name, source="source", target="target", set=fields
        )
        with write_session(self.engine) as session:
            return runs.create(session, body, [], "ann").id

    def advance(self, run_id: int) -> None:
        with write_session(self.engine) as session:
            runs.advance(session, run_id, "ann")

    def jobs(self, run_id: int) -> Sequence[Job]:
        with read_session(self.engine) as session:
            return session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id)).all()

    def run(self, run_id: int) -> Run:
        with read_session(self.engine) as session:
            return session.get_one(Run, run_id)

    def wait_for_run(self, run_id: int, state: str = "succeeded") -> Run:
        def _there() -> Run | None:
            run = self.run(run_id)
            assert run.state != "failed" or state == "failed", run.error
            return run if run.state == state else None

        return wait_for(f"run {run_id} to be {state}", _there)

    def wait_for_job(self, run_id: int, kind: str, done: int = 1) -> Job:
        """A running job of this kind that has done that much."""

        def _there() -> Job | None:
            found = [job for job in self.jobs(run_id) if job.kind == kind]
            assert not found or found[0].state != "failed", found[0].error
            return next((job for job in found if job.state == "running" and job.done >= done), None)

        return wait_for(f"a running {kind} job", _there)
