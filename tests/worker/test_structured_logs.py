"""A worker's log: Celery's own lines are JSON objects as ours are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.studio_process import wait_for

pytestmark = pytest.mark.services


def test_every_line_of_a_worker_is_json(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    command = [
        sys.executable,
        "-m",
        "celery",
        "--app",
        "worker.celery_app",
        "worker",
        "--pool",
        "threads",
        "-c",
        "1",
    ]
    environment = {
        **os.environ,
        "STUDIO_HOME": str(tmp_path),
        # Celery warns of running as root before it sets up any log.
        "PYTHONWARNINGS": "ignore",
        # Nobody answers there: Celery complains, which is what we want to see.
        "STUDIO_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--loglevel", "warning"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            start_new_session=True,
        )
    try:
        wait_for("the worker to miss its broker", lambda: "127.0.0.1:1" in log.read_text(), 60)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    lines = log.read_text().splitlines()
    complete = lines if log.read_text().endswith("\n") else lines[:-1]
    parsed = [json.loads(line) for line in complete]
    assert all({"event", "level", "timestamp", "logger"} <= set(line) for line in parsed)
    assert any(line["level"] == "error" and line["logger"].startswith("celery") for line in parsed)
