"""People, tokens and the audit trail as tables. Names come from people: everything is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from backend.audit.schemas import AuditEventRead
from backend.auth.schemas import TokenRead, UserRead
from frontend_gradio.views.markup import cells, empty, notice, table, text, when

NO_ACCOUNTS = (
    "There are no accounts: whoever opens these pages on this machine may do everything. The first account "
    "is an admin's; from then on everybody signs in."
)


def people_table(users: Iterable[UserRead]) -> str:
    """One row an account; a notice when there is none."""
    rows = [
        f'<tr id="user-{user.id}">'
        + cells(
            (text(user.name), "st-name"),
            (text(user.role), ""),
            (_dot("active", "good") if user.active else _dot("deactivated", "idle"), ""),
            ("password" if user.has_password else "tokens only", ""),
            (when(user.created_at), ""),
        )
        + "</tr>"
        for user in users
    ]
    if not rows:
        return notice(NO_ACCOUNTS)
    heads = [("Name", ""), ("Role", ""), ("State", ""), ("Signs in with", ""), ("Since", "")]
    return table(heads, rows, table_id="people-table")


def tokens_table(tokens: Iterable[TokenRead]) -> str:
    """One row a token, the newest first, with those that are no longer valid."""
    rows = [
        f'<tr id="token-{token.id}">'
        + cells(
            (text(token.name), "st-name"),
            (text(", ".join(token.scopes)), ""),
            (_dot(*_validity(token)), ""),
            (when(token.expires_at), ""),
            (when(token.last_used_at), ""),
        )
        + "</tr>"
        for token in sorted(tokens, key=lambda token: -token.id)
    ]
    if not rows:
        return empty("No tokens yet.", "A script sends one as the header Authorization: Bearer.")
    heads = [("For", ""), ("May", ""), ("State", ""), ("Expires", ""), ("Last used", "")]
    return table(heads, rows, table_id="tokens-table")


def is_valid(token: TokenRead) -> bool:
    """Neither revoked nor expired."""
    return _validity(token)[0] == "valid"


def _validity(token: TokenRead) -> tuple[str, str]:
    if token.revoked_at is not None:
        return "revoked", "idle"
    if token.expires_at is not None and token.expires_at <= datetime.now(UTC):
        return "expired", "idle"
    return "valid", "good"


def audit_table(events: Iterable[AuditEventRead]) -> str:
    """One row an event, newest first: who did what to what, and what changed."""
    rows = [
        f'<tr id="event-{event.id}">'
        + cells(
            (when(event.at), ""),
            (text(event.person), "st-name"),
            (text(event.action), ""),
            (text(_subject(event)), ""),
            (f"<small>{text(_difference(event))}</small>", "wide"),
        )
        + "</tr>"
        for event in events
    ]
    if not rows:
        return empty("Nothing has been changed yet.", "Decisions, runs and accounts appear here.")
    heads = [("When", ""), ("Who", ""), ("What", ""), ("Of", ""), ("Change", "")]
    return table(heads, rows, table_id="audit-table", css_class="dense")


def _subject(event: AuditEventRead) -> str:
    number = "" if event.subject_id is None else f" {event.subject_id}"
    return event.subject_kind.replace("_", " ") + number


def _difference(event: AuditEventRead) -> str:
    """`field: before → after` of what differs; where there was nothing before, or is nothing after, all
    that is known."""
    before, after = event.before or {}, event.after or {}
    parts = []
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old is None or new is None:
            parts.append(f"{field}: {_value(new if old is None else old)}")
        elif old != new:
            parts.append(f"{field}: {_value(old)} → {_value(new)}")
    return ", ".join(part for part in parts if not part.endswith(": "))


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dot(words: str, tone: str) -> str:
    return f'<span class="st-chip st-{tone}"><i></i>{text(words)}</span>'
