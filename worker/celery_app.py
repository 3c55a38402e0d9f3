"""The Celery app of a worker: receives wake-ups, starts supervisors. Never imports torch.

One process a GPU (or for all GPUs that one training shares):
`celery --app worker.celery_app worker --pool threads --concurrency 1`. The job itself runs in a process
of its own; a thread is enough to watch it, and keeps remote control alive.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutdown
from kombu import Queue

from backend.database import open_engine
from backend.jobs.wake_up import ANY_WORKER, GPU_WORKERS, TASK_NAME, celery_settings
from backend.settings import get_settings
from backend.structured_logs import write_structured_logs
from worker.capabilities import capabilities
from worker.registration import leave, stay_known
from worker.supervisor import work

has = capabilities()
app = Celery("studio")
app.conf.update(celery_settings())
# Wake-ups of jobs that need a GPU are left to workers that have one.
app.conf.task_queues = [Queue(name) for name in ([ANY_WORKER, GPU_WORKERS] if has.gpus else [ANY_WORKER])]
engine = open_engine(get_settings().resolved_database_url)
stopping = threading.Event()
log = structlog.get_logger()


@worker_ready.connect  # type: ignore[untyped-decorator]
def _start_heartbeat(**_: Any) -> None:
    stay_known(engine, has, get_settings().heartbeat_seconds, stopping)


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _say_goodbye(**_: Any) -> None:
    stopping.set()
    leave(engine)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logs(**_options: object) -> None:
    """Celery leaves its logs to us when somebody listens here."""
    write_structured_logs()


@app.task(name=TASK_NAME)  # type: ignore[untyped-decorator]
def run_job(job_id: int) -> None:
    """Look into the queue and work until it holds nothing for this worker. `job_id` is but the occasion."""
    log.info("worker.woken", job_id=job_id)
    work(engine, has)
