"""Database migrations (alembic)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade_database(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a newer schema; does nothing when it is there."""
    command.upgrade(_config(url), revision)


def downgrade_database(url: str, revision: str) -> None:
    """Take the database at `url` back to an older schema ("base": none)."""
    command.downgrade(_config(url), revision)


@cache
def newest_revision() -> str | None:
    """The revision an up-to-date database is at."""
    return ScriptDirectory(str(Path(__file__).parent)).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
