"""The process of one job: `python -m worker.job_process JOB_ID ATTEMPT PARENT_PID`.

The only place that joins the service's jobs and the method. Exit code 0: the database knows how it
ended; 75: stopped by SIGTERM before the end. Of the processes of a shared training (RANK is set), each
that does not end well ends with a code that makes torchrun stop the others.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from typing import Final

from sqlalchemy import Engine

from backend.artifacts import configured_store
from backend.database import open_engine, read_session
from backend.jobs import reports
from backend.jobs.inputs import JobInput
from backend.jobs.loading import load_inputs
from backend.jobs.queue import FencedError
from backend.settings import get_settings
from hiast.contracts.errors import Canceled, LostProcessError
from worker.failures import failure_sentence
from worker.outages import patiently
from worker.reporter import Reporter, StopRequested
from worker.scan import run_scan
from worker.supervisor import EXIT_REPORTED, EXIT_STOPPED

_PR_SET_PDEATHSIG = 1
EXIT_LEFT_THE_OTHERS: Final = 70
"""One of several training processes did not come to the end of the training."""


def _die_with_parent(parent_pid: int) -> None:
    """Ask the kernel (Linux) to kill this process when the one that started it dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the call above
            raise SystemExit(EXIT_STOPPED)


def main(job_id: int, attempt: int) -> int:
    """Run the job; returns the exit code."""
    settings = get_settings()
    engine = open_engine(settings.resolved_database_url)
    reporter = Reporter(engine, job_id, attempt)
    one_of_several = "RANK" in os.environ
    try:
        job = patiently(lambda: _read(engine, job_id), seconds=settings.lease_seconds)
        if job.processes > 1 and not one_of_several:
            from worker.training_processes import run_training_processes

            return run_training_processes(reporter, job.processes)
        reporter.listen_for_sigterm()
        _run(job, reporter)
    except StopRequested:
        return EXIT_STOPPED
    except Exception as error:  # noqa: BLE001  (the edge of the process: every failure is reported)
        _report(reporter, error)
        return EXIT_LEFT_THE_OTHERS if one_of_several else EXIT_REPORTED
    return EXIT_REPORTED


def _read(engine: Engine, job_id: int) -> JobInput:
    with read_session(engine) as session:
        return load_inputs(session, job_id)


def _run(job: JobInput, reporter: Reporter) -> None:
    artifacts = configured_store(get_settings())
    if job.dataset is not None:
        run_scan(job.dataset, reporter, artifacts)
        return
    # Imported here: a scan should not wait for torch.
    from worker.steps import run_step

    run_step(job, reporter, artifacts)


def _report(reporter: Reporter, error: Exception) -> None:
    """Tell the database why the job ends here."""
    try:
        if isinstance(error, FencedError):
            raise error
        if isinstance(error, Canceled):
            if os.environ.get("RANK", "0") == "0":
                reporter.write(lambda session: reports.cancel(session, reporter.job_id, reporter.attempt))
            return
        traceback.print_exception(error)
        if not isinstance(error, LostProcessError):
            reporter.fail(failure_sentence(error))
    except FencedError as fenced:
        sys.stderr.write(f"{fenced}\n")


if __name__ == "__main__":
    job_argument, attempt_argument, parent_argument = map(int, sys.argv[1:4])
    _die_with_parent(parent_argument)
    sys.exit(main(job_argument, attempt_argument))
