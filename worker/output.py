"""What a job process prints: kept as the job's log, and for the sentence when it dies."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import deque
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.jobs import queue, reports
from backend.settings import get_settings
from worker.outages import write_patiently

LINES_BETWEEN_SHORTENINGS: Final = 500
LONGEST_LINE: Final = 4000
log = structlog.get_logger()


class Output:
    """Reads what a process prints, in a thread, and stores it line by line."""

    def __init__(self, engine: Engine, process: subprocess.Popen[str], job_id: int, attempt: int) -> None:
        self.engine, self.process, self.job_id, self.attempt = engine, process, job_id, attempt
        self.last: deque[str] = deque(maxlen=50)
        self._thread = threading.Thread(target=self._read, name=f"job-{job_id}-output", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until all is read; a grandchild that holds the pipe open must not hold us."""
        self._thread.join(timeout=seconds)

    def _read(self) -> None:
        for number, line in enumerate(self.process.stdout or (), start=1):
            text = line.rstrip()[:LONGEST_LINE]
            self.last.append(text)
            try:
                store = partial(self._store, line=text, number=number)
                write_patiently(self.engine, store, seconds=get_settings().lease_seconds)
            except queue.FencedError:
                # Printed after the job had ended: the database refuses it, our own log keeps it.
                log.info("job.late_output", job_id=self.job_id, attempt=self.attempt, line=text)
            except SQLAlchemyError as error:
                # Reading goes on, or the process would block on a full pipe.
                log.error("job.lost_output", job_id=self.job_id, line=text, error=str(error))

    def _store(self, session: Session, line: str, number: int) -> None:
        reports.report_log(session, self.job_id, self.attempt, line)
        if number % LINES_BETWEEN_SHORTENINGS == 0:
            session.flush()
            reports.shorten_log(session, self.job_id)

    def death_sentence(self) -> str:
        """How the process ended, for people."""
        if self.process.returncode == -signal.SIGKILL:
            return killed_sentence("The job process")
        last = next((line for line in reversed(self.last) if line.strip()), "it printed nothing")
        return (
            f"The job process ended unexpectedly (exit code {self.process.returncode}): {last}. "
            "Its log has more; retry."
        )


def killed_sentence(who: str) -> str:
    """What is to be said of a process that somebody else killed."""
    return (
        f"{who} was killed (SIGKILL), most likely because the machine ran out of memory. "
        "Use a smaller batch or crop, or close other programs, and retry."
    )
