"""Your tokens, on the settings page: for scripts that call the API in your name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr
from pydantic import ValidationError

from backend.auth.person import Permission
from backend.auth.schemas import TokenCreate
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import plain_html
from frontend_gradio.views import account_tables

LIFETIMES = (("30 days", 30), ("90 days", 90), ("A year", 365), ("Until it is revoked", 0))
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The section's components and what they do."""
    with gr.Column(visible=False, elem_id="tokens") as section:
        plain_html('<div class="st-heading small"><h2>Your tokens</h2></div>')
        tokens = plain_html()
        with gr.Row(elem_classes="st-fields"):
            chosen = gr.Dropdown(label="Token", elem_id="token", filterable=False)
            revoke = gr.Button("Revoke", elem_id="revoke-token", scale=0)
        with gr.Row(elem_classes="st-fields"):
            name = gr.Textbox(label="What it is for", elem_id="token-name", max_lines=1)
            scopes = gr.CheckboxGroup(label="It may also", elem_id="token-scopes")
            days = gr.Dropdown(
                list(LIFETIMES), value=90, label="Valid for", elem_id="token-days", filterable=False
            )
            make = gr.Button("Create token", variant="primary", elem_id="create-token", scale=0)
        secret = gr.Textbox(
            label="The new token. Copy it now: it is not shown again.",
            elem_id="token-secret",
            interactive=False,
            visible=False,
            buttons=["copy"],
        )
    drawn = [section, tokens, scopes, chosen]
    opened = {"fn": bound(open_section, client), "inputs": None, "outputs": drawn} | _QUIET
    blocks.load(**opened)
    made = make.click(bound(make_token, client), [name, scopes, days], [name, secret], **_QUIET)
    made.success(**opened)
    revoked = revoke.click(bound(revoke_token, client), [chosen], [secret], **_QUIET)
    revoked.success(**opened)


def open_section(client: ApiClient) -> list[Any]:
    """Draw the visitor's tokens; without an account there can be none."""
    who = client.who()
    if who.local:
        return [gr.update(visible=False), *[gr.skip()] * 3]
    tokens = client.tokens().items
    valid = [(token.name, token.id) for token in tokens if account_tables.is_valid(token)]
    grantable = [permission for permission in who.permissions if permission != "read"]
    return [
        gr.update(visible=True),
        account_tables.tokens_table(tokens),
        gr.update(choices=grantable, visible=bool(grantable)),
        gr.update(choices=valid, value=None),
    ]


def make_token(client: ApiClient, name: str, scopes: list[Permission] | None, days: int) -> tuple[str, Any]:
    """Make a token and show its secret, this once."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        create = TokenCreate(name=name, scopes=["read", *(scopes or [])], expires_at=expires_at)
    except ValidationError as error:
        raise ApiError("Say what the token is for, in 80 characters or less.") from error
    return "", gr.update(value=client.create_token(create).secret, visible=True)


def revoke_token(client: ApiClient, token_id: int | None) -> Any:
    """Make the token worthless."""
    if not token_id:
        raise ApiError("Choose a token first.")
    client.revoke_token(int(token_id))
    return gr.update(value="", visible=False)
