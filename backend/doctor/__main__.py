"""`python -m backend.doctor [--quick] [--json]`: look at everything the settings point to.

Exit code 1: something is wrong. Warnings alone leave it 0.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from sqlalchemy.exc import SQLAlchemyError

from backend.artifacts import configured_store
from backend.database import open_engine, read_session
from backend.doctor import find_problems
from backend.settings import get_settings
from hiast.contracts.errors import UserError


def main() -> int:
    """Print what was found; returns the exit code."""
    parser = argparse.ArgumentParser(prog="doctor", description="Check everything the service stores.")
    parser.add_argument("--quick", action="store_true", help="do not read the pixels of labels")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of sentences")
    arguments = parser.parse_args()
    settings = get_settings()
    engine = open_engine(settings.resolved_database_url)
    if engine.dialect.name != "sqlite":
        # One moment for all checks; SQLite's readers have it anyway.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    artifacts = configured_store(settings)
    try:
        with read_session(engine) as session:
            problems = find_problems(session, artifacts, quick=arguments.quick)
    except SQLAlchemyError as error:
        sys.stderr.write(f"doctor: the database cannot be read: {error}\n")
        return 2
    except UserError as error:
        sys.stderr.write(f"doctor: {error}\n")
        return 2
    if arguments.json:
        sys.stdout.write(json.dumps([dataclasses.asdict(problem) for problem in problems], indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "all is well\n")
    return int(any(problem.severity == "error" for problem in problems))


if __name__ == "__main__":
    sys.exit(main())
