"""One training in several processes: started by torchrun, stopped together.

supervisor → job process, which becomes torchrun → training processes. Each dies with the one before it.
Process 0 reports what comes of the training; a failure is reported by the process that met it.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Final

from backend.jobs import queue
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import OnProgress, Progress
from hiast.rounds.processes import process_number, told_by_first
from worker.output import killed_sentence
from worker.reporter import Reporter, StopRequested
from worker.supervisor import EXIT_REPORTED, EXIT_STOPPED

_GO_ON: Final = 0
_CANCELED: Final = 1
_STOP: Final = 2


def run_training_processes(reporter: Reporter, count: int) -> int:
    """Start `count` processes of this job and wait for them; returns the exit code for the supervisor."""
    # Imported here: only the job process of a shared training may load torch's launcher.
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    os.environ["OMP_NUM_THREADS"] = str(max(1, threads // count))
    job = ["--module", "worker.job_process", *map(str, (reporter.job_id, reporter.attempt, os.getpid()))]
    try:
        arguments = parse_args(["--standalone", f"--nproc-per-node={count}", *job])  # type: ignore[no-untyped-call]
        run(arguments)  # type: ignore[no-untyped-call]
    except SignalException:
        return EXIT_STOPPED
    except ChildFailedError as error:
        exit_codes = {rank: failure.exitcode for rank, failure in error.failures.items()}
        if EXIT_STOPPED in exit_codes.values():
            return EXIT_STOPPED
        _report_failure(reporter, exit_codes, count)
    return EXIT_REPORTED


def _report_failure(reporter: Reporter, exit_codes: dict[int, int], count: int) -> None:
    """Say how the training ended, unless a process has already said it."""
    # A process that loses another ends as well, so the one that was killed is the cause.
    killed = [rank for rank, exit_code in exit_codes.items() if exit_code == -signal.SIGKILL]
    if killed:
        sentence = killed_sentence(f"Training process {killed[0] + 1} of {count}")
    else:
        codes = ", ".join(f"{rank + 1}: {exit_code}" for rank, exit_code in exit_codes.items())
        sentence = (
            f"The {count} training processes ended unexpectedly (exit codes {codes}). "
            "The job's log has more; retry."
        )
    # Fenced: one of the processes has reported it.
    with suppress(queue.FencedError):
        reporter.fail(sentence)


def stops_together(report: OnProgress) -> OnProgress:
    """`report` in process 0. A cancel or stop it raises there is raised in every process, after the same
    iteration: none waits for a sum that the others no longer give."""

    def progress(here: Progress) -> None:
        verdict = _GO_ON
        if process_number() == 0:
            try:
                report(here)
            except Canceled:
                verdict = _CANCELED
            except StopRequested:
                verdict = _STOP
        verdict = told_by_first(verdict)
        if verdict == _CANCELED:
            raise Canceled
        if verdict == _STOP:
            raise StopRequested

    return progress
