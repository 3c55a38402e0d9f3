"""`python -m tests.faults.claim_everything URL`: claims jobs, the best first, and prints what it got."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta

from backend.database import open_engine, write_session
from backend.jobs import queue

LONGEST_PAUSE = 0.004
"""Seconds between two claims, at most. Workers have jobs to run; one that asks without a pause has SQLite's
lock nearly always, and another never meets it free."""


def main(url: str) -> None:
    engine = open_engine(url)
    name, lease = f"worker {os.getpid()}", timedelta(minutes=5)
    # Ready: the test lets both begin at the same moment.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    chance = random.Random(os.getpid())
    while True:
        with write_session(engine) as session:
            claimed = queue.claim_next(session, name, queue.ANY, lease)
        if claimed is None:
            return
        job_id, attempt = claimed
        sys.stdout.write(f"{job_id} {attempt}\n")
        time.sleep(chance.uniform(0, LONGEST_PAUSE))


if __name__ == "__main__":
    main(sys.argv[1])
