from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from backend.artifacts import label_version

MOMENT = datetime(2026, 11, 1, 12, 0, 0, 123457, tzinfo=UTC)


def test_a_label_of_another_attempt_or_another_database_is_another_version() -> None:
    later = MOMENT + timedelta(microseconds=1)
    versions = {label_version(MOMENT, 1), label_version(MOMENT, 2), label_version(later, 1)}
    assert len(versions) == 3
    assert label_version(MOMENT.astimezone(timezone(timedelta(hours=2))), 1) in versions
