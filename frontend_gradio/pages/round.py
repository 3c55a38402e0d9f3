"""Round: thresholds, kept shares, classes, labels and the approval of one round (?round=ID)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import gradio as gr

from backend.rounds.schemas import RoundRead
from backend.runs.schemas import RunRead
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import approval, refreshing
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.class_flow import measure_flow
from frontend_gradio.pages.page_parts import live_html, plain_html, plot, top_bar
from frontend_gradio.pages.refreshing import QUIET, Drawing, Query
from frontend_gradio.views import alarms, charts, class_table, round_summary, viewer_frame
from frontend_gradio.views.decision_effects import decision_effects
from frontend_gradio.views.markup import empty_page, page_trouble

_ACTIVE = ("labelling", "revising", "training", "evaluating")


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Round")
    round_id = gr.Number(visible=False, precision=0)
    with gr.Column(elem_classes="st-main"):
        with gr.Row(elem_classes="st-title-row"):
            heading = live_html("round-heading", scale=1)
            approve = gr.Button(
                "Approve round", variant="primary", elem_id="approve-round", interactive=False, scale=0
            )
        worries = live_html("alarms")
        with gr.Row(elem_classes="st-plots", visible=False) as plots:
            nothing = "Drawn once the first image is labelled."
            thresholds = plot("threshold-plot", "Thresholds, image by image", nothing, min_width=420)
            kept = plot("kept-plot", "Kept share of each class", nothing, min_width=320)
        classes = live_html("classes")
        effects = live_html("decision-effects")
        with gr.Column(visible=False) as labelled:
            plain_html(viewer_frame.what_if(), js_on_load=viewer_frame.start("what_if"))
            plain_html(viewer_frame.exports(), js_on_load=viewer_frame.start("exports"))
        with gr.Column(visible=False) as changes:
            flow = plot("flow-plot", "What became of each class since the round before", "Measuring …")
            flow_note = live_html("flow-note")
            plain_html(viewer_frame.all_changes(), js_on_load=viewer_frame.start("changes"))
        plain_html(viewer_frame.label_grid(), elem_id="labels", js_on_load=viewer_frame.start("label_grid"))
    approved = approval.build(client, round_id, approve)
    outputs = [round_id, heading, approve, worries, labelled, plots, thresholds, kept, classes, effects]
    refresh = refreshing.build(client, blocks, draw, outputs)
    approved.success(**refresh)
    # Reads pixels of many labels, so the rest of the page does not wait for it.
    search = gr.Textbox(visible=False)
    blocks.load(
        bound(draw_flow, client),
        [search],
        [changes, flow, flow_note],
        js="(_) => [window.location.search]",
        **QUIET,
    )


def draw(client: ApiClient, query: Query) -> Drawing:
    """The round the address names, else the newest."""
    hidden = gr.update(visible=False)
    no_button = gr.update(interactive=False, visible=False)
    round_id = query.id("round") or newest_round_id(client)
    if round_id is None:
        words = empty_page(
            "Round", "No round yet.", "Start a run; its first round appears when labelling begins."
        )
        return Drawing([None, words, no_button, "", hidden, hidden, "", "", "", ""], True)
    try:
        round_ = client.round(round_id)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        trouble = page_trouble("Round", error.detail)
        return Drawing([None, trouble, no_button, "", hidden, hidden, "", "", "", ""], False)
    run = client.run(round_.run_id)
    button = gr.update(
        value=round_summary.approve_words(round_),
        interactive=round_summary.can_approve(round_),
        visible=True,
    )
    heading = round_summary.round_heading(round_, run)
    values = [round_id, heading, button, *_pictures(client, round_), _effects(client, round_, run)]
    return Drawing(values, round_.state in _ACTIVE)


def newest_round_id(client: ApiClient) -> int | None:
    """The last round of the newest run that has one."""
    runs = sorted(client.runs().items, key=lambda run: run.created_at, reverse=True)
    return next((run.rounds[-1].id for run in runs if run.rounds), None)


def _pictures(client: ApiClient, round_: RoundRead) -> list[Any]:
    if round_.label_count == 0:
        words = class_table.no_labels()
        hidden = gr.update(visible=False)
        return ["", hidden, hidden, "", "", words]
    classes = client.classes(round_.id)
    trajectory = client.thresholds(round_.id)
    quality = round_.label_set.quality if round_.label_set else None
    return [
        alarms.alarm_list(client.alarms(round_.id)),
        gr.update(visible=round_.label_set is not None),
        gr.update(visible=True),
        charts.threshold_figure(trajectory, [row.colour for row in classes]).to_json(),
        charts.kept_share_figure(classes).to_json(),
        class_table.quality_line(quality) + class_table.class_table(classes, quality),
    ]


def _effects(client: ApiClient, round_: RoundRead, run: RunRead) -> str:
    """What people's decisions changed, once the student has trained on them."""
    if round_.training is None or not (round_.decisions.labels or round_.reviews.rejected):
        return ""
    before = previous_round(round_, run)
    scored = before.evaluation if before else run.warm_up_evaluation
    return decision_effects(client.training_preview(round_.id), round_, scored)


def previous_round(round_: RoundRead, run: RunRead) -> RoundRead | None:
    """The round before, None for the first."""
    return next((other for other in run.rounds if other.number == round_.number - 1), None)


def draw_flow(client: ApiClient, search: str) -> list[Any]:
    """What became of the pixels of every class since the round before; nothing for the first round."""
    nothing = [gr.update(visible=False), "", ""]
    round_id = Query(search).id("round") or newest_round_id(client)
    if round_id is None:
        return nothing
    try:
        round_ = client.round(round_id)
        before = previous_round(round_, client.run(round_.run_id))
        if before is None or round_.label_count == 0:
            return nothing
        flow = measure_flow(client, before, round_)
    except ApiError as error:
        return [gr.update(visible=True), "", page_trouble("", error.detail)]
    if flow is None:
        return nothing
    return [gr.update(visible=True), charts.flow_figure(flow).to_json(), round_summary.flow_words(flow)]
