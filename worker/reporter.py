"""How a job process talks to the database, and hears that it is to stop."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.database import write_session
from backend.jobs import reports
from backend.settings import get_settings
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import LabelReport, Progress
from worker.outages import AWAY, write_patiently

SECONDS_BETWEEN_WRITES = 0.3
log = structlog.get_logger()


class StopRequested(Exception):  # noqa: N818  (not an error: the worker shuts down)
    """SIGTERM arrived and nobody canceled the job: it is to be queued again."""


@dataclass
class Reporter:
    """Reports of one attempt of one job."""

    engine: Engine
    job_id: int
    attempt: int
    terminated: bool = False
    _last_try: float = field(default=0.0, repr=False)
    _last_write: float = field(default_factory=time.monotonic, repr=False)
    _untold: list[Progress] = field(default_factory=list, repr=False)
    """Curve points that wait until the database is back."""

    def listen_for_sigterm(self) -> None:
        """From now on SIGTERM stops the work at its next progress report."""

        def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
            self.terminated = True

        signal.signal(signal.SIGTERM, _on_sigterm)

    def progress(self, progress: Progress) -> None:
        """Record progress (metrics always, the rest a few times a second).

        The work goes on while the database is away, for up to the time of a lease. Raises Canceled when
        somebody asked to cancel the job, StopRequested after SIGTERM.
        """
        if progress.stage == "warm_up" and progress.done == 0 and progress.message:
            # Which weights a checkpoint filled is worth keeping in the log.
            sys.stdout.write(f"{progress.message}\n")
        if progress.metrics:
            self._untold.append(progress)
        waited = time.monotonic() - self._last_try
        if not (
            self.terminated or waited >= SECONDS_BETWEEN_WRITES or (progress.metrics and not self._away)
        ):
            return
        self._last_try = time.monotonic()
        canceling = self._tell(progress)
        if canceling:
            raise Canceled
        if self.terminated:
            raise StopRequested

    @property
    def _away(self) -> bool:
        """Whether the last try to write failed."""
        return self._last_write < self._last_try

    def _tell(self, progress: Progress) -> bool:
        """Write what is untold and where the work is; True when it is to stop."""
        try:
            with write_session(self.engine) as session:
                for earlier in self._untold:
                    if earlier is not progress:
                        reports.report_progress(session, self.job_id, self.attempt, earlier)
                canceling = reports.report_progress(session, self.job_id, self.attempt, progress)
        except AWAY as error:
            if time.monotonic() - self._last_write > get_settings().lease_seconds:
                raise
            log.warning("database.away", job_id=self.job_id, error=str(error.orig))
            return False
        self._untold.clear()
        self._last_write = time.monotonic()
        return canceling

    def write(self, write: Callable[[Session], None]) -> None:
        """Report something that must not get lost; waits for the database for up to the time of a lease."""
        write_patiently(self.engine, write, seconds=get_settings().lease_seconds)

    def fail(self, error: str) -> None:
        """Record that the job failed; `error` says what to do. Raises FencedError when it already ended."""
        self.write(lambda session: reports.fail(session, self.job_id, self.attempt, error))

    def label(self, report: LabelReport) -> None:
        """Record a label whose files are complete."""
        self.write(lambda session: reports.report_label(session, self.job_id, self.attempt, report))

    def revised_label(self, report: LabelReport) -> None:
        """Record a label of a revision whose file is complete."""
        self.write(lambda session: reports.report_revised_label(session, self.job_id, self.attempt, report))
