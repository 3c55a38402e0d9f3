"""Whose turn it is to write to SQLite: those of one process take turns, in the order in which they asked.

SQLite has one lock for writing, and who does not get it asks again after a while: up to 100 ms later, when
others have taken it in between. Under load some waited for seconds, each with a thread. Here they are
called one after the other, and a coroutine waits without a thread. Writers of other processes are still met
at the lock itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from typing import Final

from sqlalchemy.exc import OperationalError

LONGEST_WAIT: Final = 30.0
"""Seconds; as long as for SQLite's own lock."""


class WriteTurns:
    """The queue of one engine's writers."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Future[None]] = deque()
        self._taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn in this thread. Raises OperationalError when it does not come."""
        called = self._ask()
        try:
            called.result(LONGEST_WAIT)
        except TimeoutError as error:
            self._leave(called)
            raise _locked() from error
        try:
            yield
        finally:
            self._call_next()

    @asynccontextmanager
    async def turn_of_a_coroutine(self) -> AsyncIterator[None]:
        """The same without a thread that waits."""
        called = self._ask()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await asyncio.wrap_future(called)
        except TimeoutError as error:
            self._leave(called)
            raise _locked() from error
        except asyncio.CancelledError:
            self._leave(called)
            raise
        try:
            yield
        finally:
            self._call_next()

    def _ask(self) -> Future[None]:
        called: Future[None] = Future()
        with self._guard:
            if self._taken:
                self._waiting.append(called)
            else:
                self._taken = True
                called.set_result(None)
        return called

    def _leave(self, called: Future[None]) -> None:
        """Wait no longer. Who was called at this very moment calls the next."""
        if not called.cancel():
            self._call_next()

    def _call_next(self) -> None:
        with self._guard:
            while self._waiting:
                called = self._waiting.popleft()
                if called.set_running_or_notify_cancel():
                    called.set_result(None)
                    return
            self._taken = False


def _locked() -> OperationalError:
    return OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
