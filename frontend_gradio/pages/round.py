"""Round: thresholds, kept shares, classes, labels and the approval of one round (?round=ID)."""

from __future__ import annotations

from typing import Any

import gradio as gr

from backend.rounds.schemas import RoundRead
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import approval
from frontend_gradio.pages.binding import bound, only_changes, query_id
from frontend_gradio.pages.page_parts import plain_html, top_bar
from frontend_gradio.views import charts, class_table, round_summary, viewer_frame
from frontend_gradio.views.markup import empty, notice

REFRESH_SECONDS = 3
_ACTIVE = ("labelling", "training", "evaluating")
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Round")
    shown = gr.State([])
    round_id = gr.Number(visible=False, precision=0)
    with gr.Column(elem_classes="st-main"):
        with gr.Row(elem_classes="st-title-row"):
            heading = plain_html(elem_id="round-heading", scale=1)
            approve = gr.Button(
                "Approve round", variant="primary", elem_id="approve-round", interactive=False, scale=0
            )
        with gr.Row(elem_classes="st-plots", visible=False) as plots:
            thresholds = gr.Plot(show_label=False, elem_id="threshold-plot", min_width=480, scale=3)
            kept = gr.Plot(show_label=False, elem_id="kept-plot", min_width=320, scale=2)
        classes = plain_html(elem_id="classes")
        plain_html(viewer_frame.label_grid(), elem_id="labels", js_on_load=viewer_frame.start("label_grid"))
    approved = approval.build(client, round_id, approve)
    timer = gr.Timer(REFRESH_SECONDS, active=False)
    drawn = [heading, approve, plots, thresholds, kept, classes, timer]
    blocks.load(bound(open_page, client), None, [round_id, *drawn, shown], **_QUIET)
    refresh = bound(redraw, client, seconds=REFRESH_SECONDS)
    timer.tick(refresh, [round_id, shown], [*drawn, shown], **_QUIET)
    approved.success(refresh, [round_id, shown], [*drawn, shown], **_QUIET)


def open_page(client: ApiClient, request: gr.Request) -> list[Any]:
    """Draw the round the address names, else the newest."""
    round_id = query_id(request, "round") or newest_round_id(client)
    if round_id is None:
        words = empty("No round yet.", "Start a run; its first round appears when labelling begins.")
        return [None, words, *[gr.skip()] * 6, []]
    try:
        return [round_id, *redraw(client, round_id, [])]
    except ApiError as error:
        return [None, notice(error.detail, "bad"), *[gr.skip()] * 6, []]


def newest_round_id(client: ApiClient) -> int | None:
    """The last round of the newest run that has one."""
    runs = sorted(client.runs().items, key=lambda run: run.created_at, reverse=True)
    return next((run.rounds[-1].id for run in runs if run.rounds), None)


def redraw(client: ApiClient, round_id: int, shown: list[str]) -> list[Any]:
    """Draw what changed since `shown`."""
    round_ = client.round(int(round_id))
    run = client.run(round_.run_id)
    heading = round_summary.round_heading(round_, run)
    button = gr.update(
        value=round_summary.approve_words(round_), interactive=round_summary.can_approve(round_)
    )
    timer = gr.update(active=round_.state in _ACTIVE)
    return only_changes(shown, heading, button, *_pictures(client, round_), timer)


def _pictures(client: ApiClient, round_: RoundRead) -> list[Any]:
    if round_.label_count == 0:
        words = empty("No labels yet.", "The first one appears here as soon as it is written.")
        return [gr.update(visible=False), None, None, words]
    classes = client.classes(round_.id)
    trajectory = client.thresholds(round_.id)
    return [
        gr.update(visible=True),
        charts.threshold_figure(trajectory, [row.colour for row in classes]),
        charts.kept_share_figure(classes),
        class_table.class_table(classes),
    ]
