"""The database: engine, column types, and sessions that commit at the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, Engine, create_engine, event, func, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from backend.write_turns import WriteTurns

Model = TypeVar("Model", bound=BaseModel)
_NOTICE_OUTAGES: Final = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""libpq: a server that is gone without a word is noticed in some ten seconds, not in minutes."""
_CONNECTIONS: Final = {"pool_size": 20, "max_overflow": 10}
"""More than the sessions that requests may have at once (backend/dependencies.py): whoever has a session
while waiting for a thread must not wait for those who have a thread and wait for a connection."""


class Base(DeclarativeBase):
    """Parent of every table."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its time zone; SQLite would drop it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Attach UTC to what SQLite returns naive."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class AsJson(TypeDecorator[Model]):
    """A pydantic model in a JSON column, validated when read."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, model: type[Model]) -> None:
        super().__init__()
        self.model = model
        self.adapter = TypeAdapter(model)

    def process_bind_param(self, value: Model | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Model to JSON."""
        return None if value is None else self.adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Model | None:  # noqa: ARG002
        """JSON to model."""
        return None if value is None else self.adapter.validate_python(value)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def database_now(session: Session) -> datetime:
    """The present moment by the database server's clock, UTC: the one clock that all hosts share.

    SQLite has no clock but the host's, and serves one host.
    """
    if session.get_bind().dialect.name == "sqlite":
        return now()
    moment: datetime = session.scalars(select(func.clock_timestamp())).one()
    return moment


def open_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, waits for locks) or PostgreSQL."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=_NOTICE_OUTAGES, **_CONNECTIONS)
    engine = create_engine(
        url, connect_args={"timeout": 30}, execution_options={"turns": WriteTurns()}, **_CONNECTIONS
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late and is always deferred; we send it (below).
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads and then writes cannot wait for the lock in WAL mode: it fails at
        # once if another wrote meanwhile. So writers take the lock first.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def read_session(engine: Engine) -> Iterator[Session]:
    """A session for reading; nothing is committed."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def write_session(engine: Engine) -> Iterator[Session]:
    """A session that commits when the block ends well and rolls back otherwise.

    Functions given to `after_commit` run once the commit has happened, and not at all on rollback.
    Keep the block short: on SQLite it holds the only write lock.
    """
    turns = _turns(engine)
    with turns.turn() if turns else nullcontext(), _for_writing(engine) as session:
        yield session
        session.commit()
    _act(session)


@asynccontextmanager
async def request_session(engine: Engine, *, writes: bool = False) -> AsyncIterator[Session]:
    """The session of a request; with `writes` as `write_session`, and it waits without a thread."""
    turns = _turns(engine) if writes else None
    session = _for_writing(engine) if writes else Session(engine, expire_on_commit=False)
    async with turns.turn_of_a_coroutine() if turns else nullcontext():
        try:
            yield session
            if writes:
                await _in_thread(session.commit)
        finally:
            if session.in_transaction():
                await _in_thread(session.close)
    if "after_commit" in session.info:
        await _in_thread(lambda: _act(session))


def _turns(engine: Engine) -> WriteTurns | None:
    """SQLite has them; PostgreSQL has locks that are waited for in order."""
    turns: WriteTurns | None = engine.get_execution_options().get("turns")
    return turns


def _for_writing(engine: Engine) -> Session:
    return Session(engine.execution_options(writes=True), expire_on_commit=False)


async def _in_thread(action: Callable[[], object]) -> None:
    # A limit of its own: the end of a transaction must not wait for the threads of those who wait for it.
    await to_thread.run_sync(action, limiter=CapacityLimiter(1))


def _act(session: Session) -> None:
    for action in session.info.pop("after_commit", []):
        action()


def after_commit(session: Session, action: Callable[[], object]) -> None:
    """Run `action` when this session has committed."""
    session.info.setdefault("after_commit", []).append(action)
