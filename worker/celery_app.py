"""The Celery app of a worker: receives wake-ups, starts supervisors. Never imports torch.

One process a GPU: `celery --app worker.celery_app worker --pool threads --concurrency 1`. The job
itself runs in a process of its own; a thread is enough to watch it, and keeps remote control alive.
"""

from __future__ import annotations

from celery import Celery
from celery.signals import setup_logging

from backend.database import open_engine
from backend.jobs.wake_up import TASK_NAME, celery_settings
from backend.settings import get_settings
from backend.structured_logs import write_structured_logs
from worker.supervisor import supervise

app = Celery("studio")
app.conf.update(celery_settings())
engine = open_engine(get_settings().resolved_database_url)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logs(**_options: object) -> None:
    """Celery leaves its logs to us when somebody listens here."""
    write_structured_logs()


@app.task(name=TASK_NAME)  # type: ignore[untyped-decorator]
def run_job(job_id: int) -> None:
    """Run the job if it is still queued; otherwise do nothing."""
    supervise(engine, job_id)
