"""Wake-ups for workers: a Celery message that carries a job id and nothing else.

A wake-up is a hint to look into the queue, not an order to run that job. Jobs that need a GPU have a
message queue of their own, which only workers with one read, so that no worker takes a message of a job
it cannot run and leaves the right one asleep.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from backend.settings import get_settings

TASK_NAME: Final = "studio.run_job"
ANY_WORKER: Final = "studio"
GPU_WORKERS: Final = "studio.gpu"
log = structlog.get_logger()


def celery_settings() -> dict[str, Any]:
    """Settings of both ends. The database is the truth, so messages are acknowledged early, never
    redelivered, and carry no results (measured: with late acknowledgement a job longer than the
    visibility timeout is started twice)."""
    return {
        "broker_url": get_settings().resolved_broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {"visibility_timeout": 86_400, "socket_connect_timeout": 3},
        "task_acks_late": False,
        "task_ignore_result": True,
        "task_serializer": "json",
        "task_default_queue": ANY_WORKER,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }


@cache
def _sender() -> Celery:
    sender = Celery("studio")
    sender.conf.update(celery_settings())
    return sender


def wake_worker(job_id: int, *, gpu: bool = False) -> bool:
    """Send a wake-up, to workers with a GPU alone when the job needs one; False when the broker is down.

    That costs time, never a job: upkeep sends again.
    """
    queue = GPU_WORKERS if gpu else ANY_WORKER
    try:
        _sender().send_task(TASK_NAME, args=[job_id], retry=False, queue=queue)
    except OperationalError as error:
        log.warning("wake_up.failed", job_id=job_id, error=str(error))
        return False
    return True


def broker_problem() -> str | None:
    """Why the broker cannot be reached, or None."""
    try:
        with _sender().connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except OperationalError as error:
        return str(error)
    return None
