"""Compare: one image's labels of two rounds. Drawn by viewer/compare.js."""

from __future__ import annotations

import gradio as gr

from frontend_gradio.pages.page_parts import plain_html, top_bar
from frontend_gradio.views import viewer_frame


def build() -> None:
    """The page's components."""
    top_bar("Compare")
    with gr.Row(elem_id="compare-main", elem_classes="st-inspect"):
        plain_html(
            viewer_frame.compare_frame(),
            elem_id="viewer",
            js_on_load=viewer_frame.start("compare"),
            scale=1,
        )
        with gr.Column(elem_id="inspect-side", scale=0, min_width=380):
            plain_html('<div id="compare-summary"></div>')
            plain_html('<div id="compare-classes"></div>')
