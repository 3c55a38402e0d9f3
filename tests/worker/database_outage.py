"""A database that cannot be reached for a while, as SQLAlchemy sees it: connecting fails."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError


class Outage:
    """Between `begin` and `end` every transaction of the engine fails at its start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._away = False
        self._timer: threading.Timer | None = None

    def _refuse(self, _connection: Any) -> None:
        if self._away:
            raise OperationalError("connect", {}, ConnectionRefusedError("Connection refused"))

    def __enter__(self) -> Outage:
        event.listen(self._engine, "begin", self._refuse)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        event.remove(self._engine, "begin", self._refuse)

    def begin(self) -> None:
        self._away = True

    def end(self) -> None:
        self._away = False

    def begin_for(self, *, seconds: float) -> None:
        self.begin()
        self._timer = threading.Timer(seconds, self.end)
        self._timer.start()
