"""Settings: the API's address, theme, accounts, keys, palettes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import gradio as gr

from frontend_gradio.api_client import ApiClient
from frontend_gradio.pages import audit_trail, password, people, tokens
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import plain_html, top_bar
from frontend_gradio.views import settings_text

_CHOOSE_THEME = "(theme) => window.STUDIO.chooseTheme(theme)"
_READ_THEME = "() => window.STUDIO.theme()"


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Settings")
    with gr.Column(elem_classes="st-main st-narrow"):
        plain_html('<div class="st-heading"><h1>Settings</h1></div>')
        plain_html(settings_text.facts(client.api_url, _version()))
        theme = gr.Radio(
            [("As the system", "system"), ("Light", "light"), ("Dark", "dark")],
            value="system",
            label="Theme",
            elem_id="theme",
        )
        drawn = [*password.build(client), *tokens.build(client), *people.build(client)]
        plain_html('<div class="st-heading small"><h2>Class palettes</h2></div>' + settings_text.palettes())
        drawn += audit_trail.build()
    blocks.load(bound(open_page, client), None, drawn, show_progress="hidden", api_visibility="private")
    theme.input(None, [theme], None, js=_CHOOSE_THEME, api_visibility="private")
    blocks.load(None, None, [theme], js=_READ_THEME, api_visibility="private")


def open_page(client: ApiClient) -> list[Any]:
    """Draw what is for this visitor."""
    who = client.who()
    sections = (password, tokens, people, audit_trail)
    return [part for section in sections for part in section.draw(client, who)]


def _version() -> str:
    try:
        return version("hiast-studio")
    except PackageNotFoundError:
        return "a source tree, not installed"
