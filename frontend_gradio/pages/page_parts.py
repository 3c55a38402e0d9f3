"""Parts of every page: the bar on top, and HTML that studio.css alone styles."""

from __future__ import annotations

from typing import Any

import gradio as gr

from frontend_gradio.views import header

# Leaving in the same breath would cut off the stream Gradio is still reading.
GO_TO = "(url) => { setTimeout(() => window.location.assign(url), 50); }"


def plain_html(value: str = "", **options: Any) -> gr.HTML:
    """gr.HTML without Gradio's text styles. `value` must be escaped already: it is not sanitised."""
    return gr.HTML(value, apply_default_css=False, **options)


def top_bar(active: str) -> None:
    """The bar with the links to all pages; Gradio's own navigation is hidden."""
    gr.Navbar(visible=False)
    plain_html(header.header(active), elem_classes="st-top")
