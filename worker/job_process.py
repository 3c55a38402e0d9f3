"""The process of one job: `python -m worker.job_process JOB_ID ATTEMPT SUPERVISOR_PID`.

The only place that joins the service's jobs and the method. Exit code 0: the database knows how it
ended; 75: stopped by SIGTERM before the end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback

from backend.artifacts import open_store
from backend.database import open_engine, read_session, write_session
from backend.jobs import reports
from backend.jobs.inputs import load_inputs
from backend.jobs.queue import FencedError
from backend.settings import get_settings
from hiast.contracts.errors import Canceled
from worker.failures import failure_sentence
from worker.reporter import Reporter, StopRequested
from worker.scan import run_scan
from worker.supervisor import EXIT_REPORTED, EXIT_STOPPED

_PR_SET_PDEATHSIG = 1


def _die_with_supervisor(supervisor_pid: int) -> None:
    """Ask the kernel (Linux) to kill this process when its supervisor dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor_pid:  # it died before the call above
            raise SystemExit(EXIT_STOPPED)


def main(job_id: int, attempt: int) -> int:
    """Run the job; returns the exit code."""
    settings = get_settings()
    engine = open_engine(settings.resolved_database_url)
    reporter = Reporter(engine, job_id, attempt)
    reporter.listen_for_sigterm()
    try:
        with read_session(engine) as session:
            job = load_inputs(session, job_id)
        artifacts = open_store(
            settings.resolved_artifacts_url,
            cache=settings.cache_directory,
            cache_gib=settings.cache_gib,
            s3_endpoint=settings.s3_endpoint,
        )
        if job.dataset is not None:
            run_scan(job.dataset, reporter, artifacts)
        else:
            # Imported here: a scan should not wait for torch.
            from worker.steps import run_step

            run_step(job, reporter, artifacts)
    except Canceled:
        with write_session(engine) as session:
            reports.cancel(session, job_id, attempt)
    except StopRequested:
        return EXIT_STOPPED
    except FencedError as error:
        sys.stderr.write(f"{error}\n")
    except Exception as error:  # noqa: BLE001  (the edge of the process: every failure is reported)
        traceback.print_exc()
        with write_session(engine) as session:
            reports.fail(session, job_id, attempt, failure_sentence(error))
    return EXIT_REPORTED


if __name__ == "__main__":
    job_argument, attempt_argument, supervisor_argument = map(int, sys.argv[1:4])
    _die_with_supervisor(supervisor_argument)
    sys.exit(main(job_argument, attempt_argument))
