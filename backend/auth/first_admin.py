"""The account "admin" of a set-up that has no other way in: python -m backend.auth.first_admin.

Works on the database itself, so it is for whoever may read and write the studio's home.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from backend.audit.service import record
from backend.auth import repository, service
from backend.auth.passwords import hash_password
from backend.auth.person import SET_UP
from backend.database import open_engine, write_session
from backend.migrations import upgrade_database
from backend.settings import Settings, get_settings
from hiast.contracts.errors import UserError

NAME: Final = "admin"
SHORTEST_PASSWORD: Final = 10


def check_password(password: str, where: str) -> None:
    """Raises UserError when the password is too short to be an admin's."""
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"the password has {len(password)} characters.",
            where=where,
            remedy=f"Choose one of at least {SHORTEST_PASSWORD}.",
        )


def make_from_settings(engine: Engine, settings: Settings) -> None:
    """Make the account "admin" from STUDIO_ADMIN_PASSWORD if there is no account. Raises UserError."""
    password = settings.admin_password.get_secret_value() if settings.admin_password else ""
    if not password:
        return
    check_password(password, "STUDIO_ADMIN_PASSWORD")
    try:
        with write_session(engine) as session:
            if not repository.any_user(session):
                service.add_user(session, NAME, "admin", password, SET_UP)
    except IntegrityError:
        # Another API process has just made it.
        return


def set_password(engine: Engine, password: str) -> None:
    """Make the account "admin", or give it a new password, its role and its activity back."""
    check_password(password, "password")
    with write_session(engine) as session:
        user = repository.user_named(session, NAME)
        if user is None:
            service.add_user(session, NAME, "admin", password, SET_UP)
            return
        user.role, user.active, user.password_hash = "admin", True, hash_password(password)
        repository.end_sign_ins(session, user.id)
        record(session, SET_UP, "user.change", "user", user.id, after={"name": NAME, "password": "changed"})


def has_admin(engine: Engine) -> bool:
    """Is there an active admin with a password?"""
    with write_session(engine) as session:
        return any(admin.password_hash for admin in repository.lock_active_admins(session))


def ask_password() -> str:
    """The password, asked for twice on a terminal, else the first line of the input. Raises UserError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password of admin: ")
    check_password(password, "password")
    if getpass.getpass("Once more: ") != password:
        raise UserError("the two passwords differ.", remedy="Try again; nothing was changed.")
    return password


def main() -> int:
    """Set the password; with --check only say whether an admin can sign in. Answers the exit status."""
    parser = argparse.ArgumentParser(prog="backend.auth.first_admin", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if no admin can sign in")
    settings = get_settings()
    check = parser.parse_args().check
    try:
        password = None if check else ask_password()
        upgrade_database(settings.resolved_database_url)
        engine = open_engine(settings.resolved_database_url)
        if password is not None:
            set_password(engine, password)
            return 0
        make_from_settings(engine, settings)
        return 0 if has_admin(engine) else 1
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
