"""Writes that outlast a database that is away for a while: restarted, or behind a broken network."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from backend.database import write_session

AWAY: Final = (OperationalError, InterfaceError)
"""What SQLAlchemy raises when the database cannot be reached, or drops the connection."""
LONGEST_PAUSE: Final = 3.0
Result = TypeVar("Result")
log = structlog.get_logger()


def patiently(action: Callable[[], Result], *, seconds: float) -> Result:
    """What `action` returns, tried again and again for so long while the database is away.

    Raises what the last try raised.
    """
    give_up, pause = time.monotonic() + seconds, 0.1
    while True:
        try:
            return action()
        except AWAY as error:
            left = give_up - time.monotonic()
            if left <= 0:
                raise
            log.warning("database.away", error=str(error.orig), seconds_left=round(left, 1))
        time.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


def write_patiently(engine: Engine, write: Callable[[Session], Result], *, seconds: float) -> Result:
    """`write` in a transaction of its own, tried again and again for so long while the database is away.

    A commit whose answer got lost is done a second time, so `write` must be one that the fence then
    refuses, or one that does no harm twice.
    """

    def _once() -> Result:
        with write_session(engine) as session:
            return write(session)

    return patiently(_once, seconds=seconds)
