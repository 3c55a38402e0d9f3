"""How a job process talks to the database, and hears that it is to stop."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

from sqlalchemy import Engine

from backend.database import write_session
from backend.jobs import reports
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import LabelReport, Progress

SECONDS_BETWEEN_WRITES = 0.3


class StopRequested(Exception):  # noqa: N818  (not an error: the worker shuts down)
    """SIGTERM arrived and nobody canceled the job: it is to be queued again."""


@dataclass
class Reporter:
    """Reports of one attempt of one job."""

    engine: Engine
    job_id: int
    attempt: int
    terminated: bool = False
    _last_write: float = field(default=0.0, repr=False)

    def listen_for_sigterm(self) -> None:
        """From now on SIGTERM stops the work at its next progress report."""

        def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
            self.terminated = True

        signal.signal(signal.SIGTERM, _on_sigterm)

    def progress(self, progress: Progress) -> None:
        """Record progress (metrics always, the rest a few times a second).

        Raises Canceled when somebody asked to cancel the job, StopRequested after SIGTERM.
        """
        if progress.stage == "warm_up" and progress.done == 0 and progress.message:
            # Which weights a checkpoint filled is worth keeping in the log.
            sys.stdout.write(f"{progress.message}\n")
        due = time.monotonic() - self._last_write >= SECONDS_BETWEEN_WRITES
        if not (due or progress.metrics or self.terminated):
            return
        self._last_write = time.monotonic()
        with write_session(self.engine) as session:
            canceling = reports.report_progress(session, self.job_id, self.attempt, progress)
        if canceling:
            raise Canceled
        if self.terminated:
            raise StopRequested

    def label(self, report: LabelReport) -> None:
        """Record a label whose files are complete."""
        with write_session(self.engine) as session:
            reports.report_label(session, self.job_id, self.attempt, report)
