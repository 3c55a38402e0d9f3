"""Queries about workers. Times are the database's: hosts need not agree on the hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from backend.database import database_now, read_session, write_session
from backend.workers.capabilities import Capabilities
from backend.workers.tables import Worker


def note_alive(session: Session, name: str, has: Capabilities) -> None:
    """Note that a worker lives, and what it has."""
    worker, seen = session.get(Worker, name), database_now(session)
    if worker is None:
        worker = Worker(name=name, started_at=seen)
        session.add(worker)
    worker.gpus, worker.gpu_memory_gib = has
    worker.seen_at = seen


def note_gone(session: Session, name: str) -> None:
    """Note that a worker has stopped."""
    session.execute(delete(Worker).where(Worker.name == name))


def forget_silent(engine: Engine, longer_than: timedelta) -> None:
    """Remove workers that were not heard of for so long. Looks first: writers wait for each other."""
    with read_session(engine) as session:
        silent = Worker.seen_at < database_now(session) - longer_than
        if session.scalar(select(Worker.name).where(silent).limit(1)) is None:
            return
    with write_session(engine) as session:
        session.execute(delete(Worker).where(Worker.seen_at < database_now(session) - longer_than))


def list_workers(session: Session) -> Sequence[Worker]:
    """All known workers, by name."""
    return session.scalars(select(Worker).order_by(Worker.name)).all()


def living(session: Session, silent_for: timedelta) -> list[Capabilities]:
    """What the workers have that were heard of within that time."""
    earliest = database_now(session) - silent_for
    found = select(Worker.gpus, Worker.gpu_memory_gib).where(Worker.seen_at >= earliest)
    return [Capabilities(gpus, memory) for gpus, memory in session.execute(found)]
