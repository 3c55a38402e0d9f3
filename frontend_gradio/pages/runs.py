"""Runs: the list with the start form; one run with its steps and curves under ?run=ID."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import gradio as gr
from pydantic import ValidationError

from backend.jobs.schemas import JobRead
from backend.recipes.schemas import RecipeRead
from backend.runs.schemas import RunCreate, RunRead
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import refreshing
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import GO_TO, live_html, plain_html, plot, question, top_bar
from frontend_gradio.pages.refreshing import QUIET, Drawing, Query
from frontend_gradio.views import charts, job_table, run_detail, run_table
from frontend_gradio.views.markup import page_trouble

_CANCEL = question(
    "Cancel this run?",
    "Its jobs stop after the batch they are at. What is finished stays, and the run can be continued.",
    "Cancel run",
)


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Runs")
    run_id = gr.State(None)
    with gr.Row(elem_classes="st-split", visible=False) as overview:
        with gr.Column(elem_classes="st-main"):
            plain_html('<div class="st-heading"><h1>Runs</h1></div>')
            runs = live_html("runs")
        with gr.Column(elem_classes="st-side st-card"):
            _build_form(client, blocks)
    with gr.Column(elem_classes="st-main", visible=False) as detail:
        with gr.Row(elem_classes="st-title-row"):
            heading = live_html("run-heading", scale=1)
            cancel = gr.Button("Cancel run", elem_id="cancel-run", visible=False, scale=0)
            advance = gr.Button("Continue run", elem_id="advance-run", visible=False, scale=0)
        strip = live_html("run-strip")
        progress = live_html("run-job")
        with gr.Row(elem_classes="st-plots", visible=False) as plots:
            losses = plot("loss-plot", "Losses and learning rate", "Drawn once training has begun.")
            scores = plot("iou-plot", "Validation IoU", "Drawn once a network has been scored.")
        rounds = live_html("run-rounds")
    sure = gr.Checkbox(visible=False)
    outputs = [overview, detail, run_id, runs, heading, strip, progress, cancel, advance]
    outputs += [plots, losses, scores, rounds]
    refresh = refreshing.build(client, blocks, draw, outputs)
    cancel.click(bound(cancel_run, client), [sure, run_id], None, js=_CANCEL, **QUIET).then(**refresh)
    advance.click(bound(advance_run, client), [run_id], None, **QUIET).then(**refresh)


def draw(client: ApiClient, query: Query) -> Drawing:
    """The list of runs, or the run the address names."""
    run_id = query.id("run")
    views = [gr.update(visible=run_id is None), gr.update(visible=run_id is not None), run_id]
    if run_id is None:
        runs = client.runs().items
        table = run_table.runs_table(runs, client.jobs(limit=50).items)
        return Drawing([*views, table, *[gr.skip()] * 9], any(run.state == "running" for run in runs))
    try:
        run = client.run(run_id)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        hidden = gr.update(visible=False)
        trouble = page_trouble("Run", error.detail)
        return Drawing([*views, "", trouble, "", "", hidden, hidden, hidden, "", "", ""], False)
    jobs = client.jobs(run_id=run_id, limit=50).items
    busy = run.state == "running" or run.active_job_id is not None
    return Drawing([*views, "", *_detail(client, run, jobs)], busy)


def _detail(client: ApiClient, run: RunRead, jobs: list[JobRead]) -> list[Any]:
    job = next((job for job in jobs if job.id == run.active_job_id), None)
    can_stop = run.state in ("running", "waiting_for_review")
    return [
        run_detail.run_heading(run),
        run_detail.pipeline_strip(run),
        run_detail.active_job(job),
        gr.update(visible=can_stop),
        gr.update(visible=run.state in ("failed", "canceled")),
        gr.update(visible=True),
        charts.loss_figure(client.curves(run.id)).to_json(),
        charts.iou_figure(run).to_json(),
        run_detail.rounds_table(run.rounds) + job_table.jobs_table(jobs, None),
    ]


def cancel_run(client: ApiClient, sure: bool, run_id: int) -> None:
    """Stop the run, if the person is sure."""
    if sure:
        client.cancel_run(run_id)


def advance_run(client: ApiClient, run_id: int) -> None:
    """Go on from where it stopped."""
    client.advance_run(run_id)


def _build_form(client: ApiClient, blocks: gr.Blocks) -> None:
    plain_html('<div class="st-heading small"><h2>Start a run</h2></div>')
    recipe = gr.Dropdown(label="Recipe", elem_id="recipe", filterable=False)
    note = plain_html(elem_id="recipe-note")
    name = gr.Textbox(label="Name", elem_id="run-name", placeholder="the recipe's name")
    source = gr.Dropdown(label="Source", elem_id="source", visible=False)
    target = gr.Dropdown(label="Target", elem_id="target", visible=False)
    validation = gr.Dropdown(label="Validation", elem_id="validation", visible=False)
    rounds = gr.Number(label="Rounds", elem_id="rounds", precision=0, minimum=1, maximum=20, value=2)
    with gr.Accordion("Advanced: override any field of the spec", open=False):
        overrides = gr.Textbox(
            show_label=False,
            lines=4,
            elem_id="overrides",
            placeholder="training.iterations=200\nselection.alpha=0.4",
            info="One key=value a line.",
        )
    start = gr.Button("Start run", variant="primary", elem_id="start-run")
    go_to = gr.Textbox(visible=False)
    filled = [recipe, note, source, target, validation, rounds]
    blocks.load(bound(fill_form, client), None, filled, **QUIET)
    recipe.input(bound(choose_recipe, client), [recipe], filled[1:], **QUIET)
    fields = [recipe, name, source, target, validation, rounds, overrides]
    started = start.click(bound(start_run, client), fields, [go_to], **QUIET)
    started.success(None, [go_to], None, js=GO_TO, api_visibility="private")


def fill_form(client: ApiClient) -> list[Any]:
    """Offer the recipes, the first one chosen."""
    recipes = client.recipes()
    choices = [(recipe.title, recipe.name) for recipe in recipes]
    first = recipes[0].name if recipes else None
    return [gr.Dropdown(choices=choices, value=first), *choose_recipe(client, first)]


def choose_recipe(client: ApiClient, name: str | None) -> list[Any]:
    """Show what the recipe is and ask for the data sets it needs."""
    recipe = next((recipe for recipe in client.recipes() if recipe.name == name), None)
    ready = [dataset.name for dataset in client.datasets().items if dataset.state == "ready"]
    selects = [_dataset_choice(recipe, role, ready) for role in ("source", "target", "validation")]
    rounds = recipe.spec.get("rounds", 3) if recipe else 3
    return [run_table.recipe_note(recipe), *selects, rounds]


def _dataset_choice(recipe: RecipeRead | None, role: str, ready: list[str]) -> Any:
    needed = recipe is not None and role in recipe.needs
    info = None if ready else "No data set is ready. Register one under Data sets."
    return gr.Dropdown(choices=ready, value=None, visible=needed, info=info)


def start_run(client: ApiClient, recipe: str, name: str, *fields: Any) -> str:
    """Start the run and say where its page is."""
    source, target, validation, rounds, overrides = fields
    values = parse_overrides(overrides or "")
    if rounds:
        values = {"rounds": int(rounds)} | values
    chosen = {"source": source, "target": target, "validation": validation, "name": name.strip() or None}
    try:
        create = RunCreate(recipe=recipe, set=values, **chosen)
    except ValidationError as error:
        raise ApiError("; ".join(fault["msg"] for fault in error.errors())) from error
    return f"/ui/?run={client.create_run(create).id}"


def parse_overrides(lines: str) -> dict[str, Any]:
    """Lines of key=value; values are JSON where they parse as JSON, words otherwise."""
    values: dict[str, Any] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise ApiError(f"Override {line!r} is not key=value. Write, say, training.iterations=200.")
        try:
            values[key] = json.loads(value)
        except ValueError:
            values[key] = value
    return values
