"""Tables of people, tokens and the audit trail: names are text, changes are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.audit.schemas import AuditEventRead
from backend.auth.schemas import TokenRead, UserRead
from frontend_gradio.views.account_tables import audit_table, is_valid, people_table, tokens_table
from frontend_gradio.views.sign_in_page import sign_in_page

NOW = datetime.now(UTC)
EVIL = "<img src=x onerror=alert(1)>"
SHOWN = "&lt;img src=x onerror=alert(1)&gt;"


def _event(before: dict[str, Any] | None, after: dict[str, Any] | None) -> AuditEventRead:
    return AuditEventRead(
        id=1, at=NOW, person=EVIL, action=EVIL, subject_kind=EVIL, subject_id=7, before=before, after=after,
        request_id=None,
    )  # fmt: skip


def _token(**fields: Any) -> TokenRead:
    given = {
        "id": 1, "user_id": 1, "name": EVIL, "scopes": ["read"], "created_at": NOW, "expires_at": None,
        "last_used_at": None, "revoked_at": None,
    }  # fmt: skip
    return TokenRead.model_validate(given | fields)


def test_what_people_typed_is_shown_as_text() -> None:
    user = UserRead(id=1, name=EVIL, role="admin", active=False, has_password=True, created_at=NOW)
    pages = (
        people_table([user]),
        tokens_table([_token()]),
        audit_table([_event({"comment": EVIL}, {"comment": EVIL + "!"})]),
    )
    for html in pages:
        assert EVIL not in html
        assert SHOWN in html
    assert "deactivated" in pages[0]


def test_a_change_is_told_as_what_differs() -> None:
    html = audit_table([_event({"role": "viewer", "active": True}, {"role": "admin", "active": True})])
    assert "<small>role: viewer → admin</small>" in html
    assert "name: x, images: 3" in audit_table([_event(None, {"name": "x", "images": 3, "comment": ""})])
    assert "<small></small>" in audit_table([_event(None, None)])


def test_a_token_is_valid_until_revoked_or_expired() -> None:
    assert is_valid(_token(expires_at=NOW + timedelta(hours=1)))
    assert not is_valid(_token(expires_at=NOW - timedelta(seconds=1)))
    assert not is_valid(_token(revoked_at=NOW))


def test_empty_tables_say_what_comes_next() -> None:
    assert "There are no accounts" in people_table([])
    assert "No tokens yet" in tokens_table([])
    assert "Nothing has been changed" in audit_table([])


def test_the_sign_in_page_names_its_fields_for_everybody() -> None:
    html = sign_in_page("<script></script>", "/ui-static")
    for part in ('<label for="name">', '<label for="password">', 'role="alert"', 'lang="en"', "<h1"):
        assert part in html
