"""`python -m tests.faults.claim_everything URL FIRST LAST`: claims those jobs, prints the ids it got."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta

from backend.database import open_engine, write_session
from backend.jobs import queue


def main(url: str, first: int, last: int) -> None:
    engine = open_engine(url)
    # Ready: the test lets both begin at the same moment.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for job_id in range(first, last + 1):
        with write_session(engine) as session:
            attempt = queue.claim(session, job_id, f"worker {os.getpid()}", timedelta(minutes=5))
        if attempt is not None:
            sys.stdout.write(f"{job_id} {attempt}\n")
        # Workers do something between two claims. Without a pause one holds SQLite's lock nearly all the
        # time, and the other, which looks now and then, finds it free only when everything is gone.
        time.sleep(random.uniform(0.0, 0.003))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
