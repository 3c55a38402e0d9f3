"""Settings: the API's address, theme, accounts, keys, palettes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import gradio as gr

from frontend_gradio.api_client import ApiClient
from frontend_gradio.pages import audit_trail, people, tokens
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
        tokens.build(client, blocks)
        people.build(client, blocks)
        plain_html('<div class="st-heading small"><h2>Keys</h2></div>' + settings_text.keys_table())
        plain_html('<div class="st-heading small"><h2>Class palettes</h2></div>' + settings_text.palettes())
        audit_trail.build(client, blocks)
    theme.input(None, [theme], None, js=_CHOOSE_THEME, api_visibility="private")
    blocks.load(None, None, [theme], js=_READ_THEME, api_visibility="private")


def _version() -> str:
    try:
        return version("hiast-studio")
    except PackageNotFoundError:
        return "a source tree, not installed"
