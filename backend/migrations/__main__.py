"""Bring the database of STUDIO_DATABASE_URL to this version: python -m backend.migrations.

Does nothing when it is there. One process at a time; the API and the workers start after it.
"""

from __future__ import annotations

from backend.migrations import upgrade_database
from backend.settings import get_settings

if __name__ == "__main__":
    upgrade_database(get_settings().resolved_database_url)
