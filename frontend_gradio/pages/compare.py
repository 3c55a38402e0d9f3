"""Compare: one image's labels of two rounds. Drawn by viewer/compare.js."""

from __future__ import annotations

import gradio as gr

from frontend_gradio.views import header, viewer_frame


def build() -> None:
    """The page's components."""
    gr.HTML(header.header("Compare"), elem_classes="st-top")
    with gr.Row(elem_id="compare-main", elem_classes="st-inspect"):
        gr.HTML(
            viewer_frame.compare_frame(), elem_id="viewer", js_on_load=viewer_frame.start("compare"), scale=1
        )
        with gr.Column(elem_id="inspect-side", scale=0, min_width=380):
            gr.HTML('<div id="compare-summary"></div>')
            gr.HTML('<div id="compare-classes"></div>')
