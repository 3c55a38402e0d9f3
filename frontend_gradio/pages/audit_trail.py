"""The audit trail, on the settings page: the last things people changed, for admins."""

from __future__ import annotations

from typing import Any

import gradio as gr

from frontend_gradio.api_client import ApiClient
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import plain_html
from frontend_gradio.pages.people import may_manage
from frontend_gradio.views import account_tables

SHOWN = 100
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The section's components."""
    with gr.Column(visible=False, elem_id="audit") as section:
        plain_html('<div class="st-heading small"><h2>Audit trail</h2></div>')
        events = plain_html()
    blocks.load(bound(open_section, client), None, [section, events], **_QUIET)


def open_section(client: ApiClient) -> list[Any]:
    """Draw the newest lines, for admins."""
    if not may_manage(client.who()):
        return [gr.update(visible=False), gr.skip()]
    return [gr.update(visible=True), account_tables.audit_table(client.audit(limit=SHOWN).items)]
