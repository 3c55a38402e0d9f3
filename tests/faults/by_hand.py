"""The processes of a team's set-up, started one by one, so that a test can stop, freeze or double each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backend.migrations import upgrade_database
from tests.end_to_end.studio_process import ROOT, Studio, free_port, wait_for
from tests.faults.damage import IMPATIENT, descendants_of, problems_of

WORKER = ["-m", "celery", "--app", "worker.celery_app", "worker", "--pool", "threads", "-c", "1"]
QUIET = ["--without-mingle", "--without-gossip", "--loglevel", "warning"]


@dataclass
class Service(Studio):
    """Broker, API without pages, and as many workers as the test starts."""

    database_url: str = ""
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: list[str], **settings: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "STUDIO_HOME": str(self.home),
            "STUDIO_DATABASE_URL": self.database_url,
            "STUDIO_POLL_SECONDS": "0.1",
            "STUDIO_JOB_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **IMPATIENT,
            **self.settings,
            **settings,
        }
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        self.parts[name] = process
        return process

    def start_broker(self) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        assert program, "no Redis-compatible server on PATH; on Debian: apt install redis-server"
        socket = str(self.home / "valkey.sock")
        self.start("broker", [program, "--port", "0", "--unixsocket", socket, "--dir", str(self.home)])

    def start_api(self, **settings: str) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "backend.main:create_app"]
        self.start("api", [*command, "--port", str(self.port), "--no-access-log"], **settings)
        wait_for("the API to answer /readyz", self.answers)

    def start_worker(self, name: str = "worker", **settings: str) -> subprocess.Popen[bytes]:
        return self.start(name, [sys.executable, *WORKER, "--hostname", f"{name}@%h", *QUIET], **settings)

    def job_of(self, name: str) -> int:
        """The process of the job that this worker runs."""
        return int(wait_for(f"a job of {name}", lambda: descendants_of(self.parts[name].pid))[0])

    def log_of(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def end(self) -> None:
        """Stop everything, the broker last."""
        for name in sorted(self.parts, key=lambda name: name == "broker"):
            process = self.parts[name]
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def short_directory() -> Path:
    """A new home. The broker's socket lies in it, and a socket's path may hold some 100 characters."""
    return Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))


@contextmanager
def service(home: Path, database_url: str = "", **settings: str) -> Iterator[Service]:
    """Broker and API, running; found well by the doctor at the end. SQLite unless another is named."""
    url = database_url or f"sqlite:///{home / 'studio.sqlite'}"
    made = Service(home, free_port(), settings=settings, database_url=url)
    upgrade_database(url)
    try:
        made.start_broker()
        made.start_api()
        yield made
        made.end()
        assert problems_of(made, url) == []
    finally:
        made.end()
        made.kill_everything()


@contextmanager
def temporary_service(database_url: str = "", **settings: str) -> Iterator[Service]:
    """The same in a directory of its own, which is removed."""
    home = short_directory()
    with service(home, database_url, **settings) as made:
        yield made
    shutil.rmtree(home)
