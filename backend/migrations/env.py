"""Alembic's entry: connects and runs the migrations."""

from __future__ import annotations

from alembic import context

import backend.tables  # noqa: F401  (fills Base.metadata)
from backend.database import Base, open_engine

url = context.config.get_main_option("sqlalchemy.url")
if not url:
    raise SystemExit("alembic: sqlalchemy.url is not set; use backend.migrations.upgrade_database(url)")

with open_engine(url).execution_options(writes=True).connect() as connection:
    if connection.dialect.name == "sqlite":
        # Alembic changes a SQLite table by copying it and dropping the old one, and with foreign keys
        # on, dropping it deletes every row that refers to it.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
