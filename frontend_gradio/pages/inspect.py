"""Inspect: one label beside its photo, decided with a key. Drawn by viewer/inspect.js."""

from __future__ import annotations

import gradio as gr

from frontend_gradio.api_client import ApiClient
from frontend_gradio.pages import approval
from frontend_gradio.pages.page_parts import plain_html, top_bar
from frontend_gradio.views import viewer_frame

LONGEST_COMMENT = 2000
"""Characters the API takes."""
_DECISIONS = (("Accept", "accept"), ("Reject", "reject"), ("Skip", "skip"), ("Reset", "reset"))
_STATUSES = [
    ("All labels", ""), ("Unreviewed", "unreviewed"), ("Accepted", "accepted"), ("Rejected", "rejected"),
    ("Skipped", "skipped"),
]  # fmt: skip
_SORTS = [
    ("Labelling order", "order"), ("Least kept first", "kept_share"), ("Most kept first", "-kept_share"),
    ("Name", "name"),
]  # fmt: skip


def build(client: ApiClient) -> None:
    """The page's components; the buttons act in the browser, without a request to these pages."""
    top_bar("Inspect")
    round_id = gr.Number(visible=False, precision=0)
    with gr.Row(elem_id="inspect-main", elem_classes="st-inspect"):
        plain_html(
            viewer_frame.inspect_frame(),
            elem_id="viewer",
            js_on_load=viewer_frame.start("inspect"),
            scale=1,
        )
        with gr.Column(elem_id="inspect-side", scale=0, min_width=304):
            plain_html(
                '<div id="label-heading"></div>'
                '<div id="claim-note" class="vw-claim" role="status" hidden></div>'
            )
            with gr.Row(elem_classes="st-decisions"):
                for words, decision in _DECISIONS:
                    button = gr.Button(words, elem_id=f"decide-{decision}", min_width=40, size="sm")
                    act = f"() => window.STUDIO.inspect?.decide('{decision}')"
                    button.click(None, None, None, js=act, api_visibility="private")
            gr.Textbox(
                show_label=False,
                placeholder="Comment, kept with the decision",
                elem_id="comment",
                max_lines=3,
                max_length=LONGEST_COMMENT,
            )
            plain_html('<div id="draft-note" class="vw-draft" role="status"></div>')
            plain_html('<details id="correct" class="vw-correct" hidden></details>')
            plain_html('<div id="legend"></div>')
            plain_html('<div id="reviews"></div>')
    with gr.Row(elem_id="strip-row"):
        with gr.Column(elem_id="strip-controls", scale=0, min_width=168):
            status = gr.Dropdown(
                _STATUSES, value="", show_label=False, elem_id="status-filter", container=False
            )
            sort = gr.Dropdown(_SORTS, value="order", show_label=False, elem_id="sort", container=False)
            approve = gr.Button("Approve round", variant="primary", elem_id="approve-round", size="sm")
        plain_html('<div id="strip"></div>', scale=1)
    filtered = "(status) => window.STUDIO.inspect?.list({status})"
    sorted_ = "(sort) => window.STUDIO.inspect?.list({sort})"
    status.input(None, [status], None, js=filtered, api_visibility="private")
    sort.input(None, [sort], None, js=sorted_, api_visibility="private")
    approved = approval.build(
        client, round_id, approve, id_from_browser="() => window.STUDIO.inspect?.roundId() ?? null"
    )
    refresh = "() => window.STUDIO.inspect?.refreshRound()"
    approved.success(None, None, None, js=refresh, api_visibility="private")
