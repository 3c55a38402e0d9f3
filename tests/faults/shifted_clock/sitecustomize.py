"""On PYTHONPATH, this shifts a process' clock by the seconds that the file SHIFTED_CLOCK names holds."""

import datetime
import os
import time
from pathlib import Path

_seconds = Path(os.environ["SHIFTED_CLOCK"])
_time, _datetime = time.time, datetime.datetime


def _shift() -> float:
    try:
        return float(_seconds.read_text() or 0)
    except OSError:
        return 0.0


class _AnyDatetime(type):
    """Libraries ask whether a value is a datetime; those made before or in C are none of the subclass."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _datetime)


class _ShiftedDatetime(_datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return _datetime.now(tz) + datetime.timedelta(seconds=_shift())

    @classmethod
    def utcnow(cls) -> datetime.datetime:
        return _datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=_shift())


time.time = lambda: _time() + _shift()
datetime.datetime = _ShiftedDatetime
