"""What the tests of this folder do to a studio, and how they see that it is well afterwards."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, Final

from backend.artifacts.directory import DirectoryStore
from backend.database import open_engine, read_session
from backend.doctor import Problem, find_problems
from tests.end_to_end.studio_process import Studio, wait_for

PARTS: Final = {
    "broker": ("valkey-server", "redis-server"),
    "api": ("frontend_gradio.embedded",),
    "worker": ("worker.celery_app",),
    "job": ("worker.job_process",),
}
IMPATIENT: Final = {
    "STUDIO_LEASE_SECONDS": "10",
    "STUDIO_HEARTBEAT_SECONDS": "1",
    "STUDIO_GRACE_SECONDS": "2",
    "STUDIO_UPKEEP_SECONDS": "0.5",
}
"""Settings under which a dead worker is noticed in seconds, and a living one may be late by several."""


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def descendants_of(pid: int) -> list[int]:
    below = children_of(pid)
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below += [int(child) for child in thread.read_text().split() if int(child) not in below]
        except OSError:
            continue  # the thread ended while we looked
    return [found for child in below for found in (child, *descendants_of(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def find(studio: Studio, part: str) -> int | None:
    """The process that is this part of the studio, or None while there is none."""
    assert studio.process is not None
    for pid in descendants_of(studio.process.pid):
        if any(word in command_of(pid) for word in PARTS[part]):
            return pid
    return None


def process_of(studio: Studio, part: str) -> int:
    pid: int = wait_for(f"the {part} process", lambda: find(studio, part))
    return pid


def kill(studio: Studio, part: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Send the part a signal; returns its process id."""
    pid = process_of(studio, part)
    os.kill(pid, number)
    return pid


def replaced(studio: Studio, part: str, old: int) -> int:
    """Wait until another process has taken the part of the old one."""

    def _other() -> int | None:
        pid = find(studio, part)
        return pid if pid != old else None

    pid: int = wait_for(f"another {part} than {old}", _other)
    if part == "api":
        wait_for("the API to answer again", studio.answers)
    return pid


def problems_of(studio: Studio, database_url: str | None = None) -> list[Problem]:
    """What the doctor finds; the database is the one in the home unless another is named."""
    engine = open_engine(database_url or f"sqlite:///{studio.home / 'studio.sqlite'}")
    if engine.dialect.name != "sqlite":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with read_session(engine) as session:
            return find_problems(session, DirectoryStore(studio.home / "artifacts"))
    finally:
        engine.dispose()


def finish(studio: Studio, run_id: int, seconds: float = 120) -> dict[str, Any]:
    """Lead a run to its end, approving every round."""

    def _ended() -> Any:
        run = studio.get(f"/runs/{run_id}")
        assert run["state"] not in ("failed", "canceled"), run["error"]
        if run["state"] == "waiting_for_review":
            studio.post(f"/runs/{run_id}/advance")
        return run if run["state"] == "succeeded" else None

    run: dict[str, Any] = wait_for(f"run {run_id} to succeed", _ended, seconds)
    return run


def attempts(studio: Studio, run_id: int) -> dict[str, int]:
    """How often each step of the run was begun."""
    jobs = studio.get("/jobs", run_id=run_id)["items"]
    return {job["kind"]: job["attempt"] for job in jobs}


def files_of(studio: Studio, run_id: int) -> dict[str, bytes]:
    """Every file a run has left, by its path in the run's directory."""
    root = studio.home / "artifacts" / "runs" / str(run_id)
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }
