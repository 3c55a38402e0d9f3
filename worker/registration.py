"""How a worker is known: its name, and that it lives."""

from __future__ import annotations

import os
import socket
import threading

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backend.database import write_session
from backend.workers.capabilities import Capabilities
from backend.workers.repository import note_alive, note_gone

log = structlog.get_logger()


def worker_name() -> str:
    """This worker, as people see it."""
    device = os.environ.get("CUDA_VISIBLE_DEVICES")
    return f"{socket.gethostname()}:{os.getpid()}" + (f" (GPU {device})" if device else "")


def stay_known(engine: Engine, has: Capabilities, every_seconds: float, stop: threading.Event) -> None:
    """Tell the database now and then, also while idle, that this worker lives, until `stop` is set."""
    name = worker_name()

    def _tell() -> None:
        while True:
            try:
                with write_session(engine) as session:
                    note_alive(session, name, has)
            except SQLAlchemyError as error:
                # The database may be restarting; the next turn tells it.
                log.warning("worker.not_told", error=str(error))
            if stop.wait(every_seconds):
                return

    threading.Thread(target=_tell, name="worker-heartbeat", daemon=True).start()


def leave(engine: Engine) -> None:
    """Say that this worker stops. If the database is away, it finds out by the silence."""
    try:
        with write_session(engine) as session:
            note_gone(session, worker_name())
    except SQLAlchemyError as error:
        log.warning("worker.not_told", error=str(error))
