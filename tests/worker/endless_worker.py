"""A worker that looks into the queue again and again, instead of waiting for a broker to wake it."""

from __future__ import annotations

import signal
import time
from types import FrameType

from celery.worker import state as celery_state

from backend.database import open_engine
from backend.settings import get_settings
from worker.capabilities import capabilities
from worker.supervisor import work


def _stop(_number: int, _frame: FrameType | None) -> None:
    celery_state.should_stop = 0  # what Celery does on SIGTERM


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    engine = open_engine(get_settings().resolved_database_url)
    while celery_state.should_stop is None:
        work(engine, capabilities())
        time.sleep(0.02)
