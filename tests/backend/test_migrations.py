"""The migrations make exactly the tables that the code expects, and keep the data, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

import backend.tables  # noqa: F401  (fills Base.metadata)
from backend.database import Base, open_engine
from backend.migrations import downgrade_database, upgrade_database

pytestmark = pytest.mark.services
MOMENT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SPEC = {"kind": "folder", "root": "/data"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "datasets": [
        {"id": 1, "name": "d", "spec": SPEC, "state": "ready", "image_count": 1, "faulty_count": 0}
        | {"created_at": MOMENT}
    ],
    "images": [
        {
            "id": 1,
            "dataset_id": 1,
            "position": 0,
            "name": "i",
            "image_path": "i.png",
            "height": 2,
            "width": 2,
        }
    ],
    "runs": [
        {"id": 1, "name": "r", "state": "running", "spec": {}, "class_space": {}, "target_id": 1}
        | {"idempotency_key": "once", "created_at": MOMENT},
        {"id": 2, "name": "s", "state": "running", "spec": {}, "class_space": {}, "target_id": 1}
        | {"idempotency_key": None, "created_at": MOMENT},
    ],
    "rounds": [
        {"id": 1, "run_id": 1, "number": 1, "state": "reviewing", "image_count": 1, "created_at": MOMENT}
    ],
    "jobs": [
        {"id": 1, "kind": "generate_labels", "state": "succeeded", "attempt": 1, "title": "t", "run_id": 1}
        | {"round_id": 1, "woken_at": MOMENT, "done": 1, "total": 1, "message": "", "created_at": MOMENT}
    ],
    "job_events": [
        {"id": 1, "job_id": 1, "attempt": 1, "kind": "log", "data": {"line": "l"}, "created_at": MOMENT}
    ],
    "labels": [
        {"id": 1, "round_id": 1, "image_id": 1, "name": "i", "position": 0, "kept_share": 0.5, "report": {}}
        | {"attempt": 1, "status": "rejected", "version": 2}
    ],
    "reviews": [
        {"id": 1, "label_id": 1, "decision": "reject", "comment": "c", "reviewer": "local"}
        | {"created_at": MOMENT}
    ],
}


def _contents(engine: Engine, tables: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tables, as plain data."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            name: [
                dict(row)
                for row in connection.execute(
                    sa.select(metadata.tables[name]).order_by(metadata.tables[name].c.id)
                ).mappings()
            ]
            for name in tables
        }


def test_migrated_tables_equal_the_declared_ones(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_again_changes_nothing(engine: Engine, database_url: str) -> None:
    upgrade_database(database_url)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is not None


def test_data_of_the_first_version_lives_through_up_and_down(database_url: str) -> None:
    upgrade_database(database_url, "0001")
    engine = open_engine(database_url)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.execution_options(writes=True).begin() as connection:
        for table, rows in ROWS.items():
            connection.execute(metadata.tables[table].insert(), rows)
    before = _contents(engine, list(ROWS))

    upgrade_database(database_url)
    after = _contents(engine, [*ROWS, "idempotent_requests"])
    keys = [(row["person"], row["key"], row["subject_id"]) for row in after["idempotent_requests"]]
    assert keys == [("local", "once", 1)]
    for table in ROWS:
        for old, new in zip(before[table], after[table], strict=True):
            kept = {name: value for name, value in old.items() if name != "idempotency_key"}
            assert {name: new[name] for name in kept} == kept
    assert {row["priority"] for row in after["runs"]} == {0}
    assert {(row["gpus"], row["shard"]) for row in after["jobs"]} == {(0, None)}

    downgrade_database(database_url, "0001")
    assert _contents(engine, list(ROWS)) == before
    downgrade_database(database_url, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
