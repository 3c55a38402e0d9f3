"""The migrations make exactly the tables that the code expects, on both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

import backend.tables  # noqa: F401  (fills Base.metadata)
from backend.database import Base
from backend.migrations import upgrade_database

pytestmark = pytest.mark.services


def test_migrated_tables_equal_the_declared_ones(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_again_changes_nothing(engine: Engine, database_url: str) -> None:
    upgrade_database(database_url)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is not None
