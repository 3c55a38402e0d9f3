"""`python -m tests.faults.claim_everything URL FIRST LAST`: claims those jobs, prints the ids it got."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta

from backend.database import open_engine, write_session
from backend.jobs import queue

LONGEST_PAUSE = 0.002
"""Seconds between two claims, at most. Workers have jobs to run; one that asks without a pause has SQLite's
lock nearly always, and another never meets it free."""


def main(url: str, first: int, last: int) -> None:
    engine = open_engine(url)
    # Ready: the test lets both begin at the same moment.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    chance = random.Random(os.getpid())
    for job_id in range(first, last + 1):
        time.sleep(chance.uniform(0, LONGEST_PAUSE))
        with write_session(engine) as session:
            attempt = queue.claim(session, job_id, f"worker {os.getpid()}", timedelta(minutes=5))
        if attempt is not None:
            sys.stdout.write(f"{job_id} {attempt}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
