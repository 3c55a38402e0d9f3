"""Jobs: what runs, waits and failed (?state=…); one job's curves and log under ?job=ID."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

import gradio as gr

from backend.jobs.schemas import JobRead, JobState
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import refreshing
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import live_html, plain_html, plot, question, top_bar
from frontend_gradio.pages.refreshing import QUIET, Drawing, Query
from frontend_gradio.views import charts, job_table
from frontend_gradio.views.markup import notice

_CANCEL = question(
    "Cancel this job?",
    "It stops after the batch it is at, and its run with it. It can be retried; finished images are kept.",
    "Cancel job",
)
_RETRY = question(
    "Retry this job?", "It is queued again and goes on behind what it has finished.", "Retry job"
)
_TRAINING = ("warm_up", "train_round")


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Jobs")
    job_id = gr.State(None)
    with gr.Row(elem_classes="st-split"):
        with gr.Column(elem_classes="st-main"):
            plain_html('<div class="st-heading"><h1>Jobs</h1></div>')
            states = live_html("job-states")
            jobs = live_html("jobs")
            plain_html('<div class="st-heading small"><h2>Workers</h2></div>')
            workers = live_html("workers")
        with gr.Column(elem_classes="st-side wide st-card"):
            heading = live_html("job-heading")
            with gr.Row(elem_classes="st-buttons", visible=False) as buttons:
                cancel = gr.Button("Cancel job", elem_id="cancel-job", visible=False)
                retry = gr.Button("Retry job", elem_id="retry-job", visible=False)
            with gr.Column(visible=False) as plots:
                losses = plot("job-plot", "Losses and learning rate", "Drawn once training has begun.")
            log = live_html("log", module="log_tail")
    sure = gr.Checkbox(visible=False)
    outputs = [job_id, states, jobs, workers, heading, buttons, cancel, retry, plots, losses, log]
    refresh = refreshing.build(client, blocks, draw, outputs)
    cancel.click(bound(cancel_job, client), [sure, job_id], None, js=_CANCEL, **QUIET).then(**refresh)
    retry.click(bound(retry_job, client), [sure, job_id], None, js=_RETRY, **QUIET).then(**refresh)


def draw(client: ApiClient, query: Query) -> Drawing:
    """The list, and the job the address names."""
    wanted = query.word("state")
    state = wanted if wanted in get_args(JobState) else None
    job_id = query.id("job")
    jobs = client.jobs(state=state)
    busy = any(item.state in job_table.ACTIVE for item in jobs.items)
    lists = [
        job_table.state_tabs(state, job_id),
        job_table.jobs_table(jobs.items, job_id, state=state, total=jobs.total),
        job_table.workers_table(client.workers()),
    ]
    try:
        job = None if job_id is None else client.job(job_id)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Drawing([None, *lists, notice(error.detail, "bad"), *_nothing()], busy)
    if job is None:
        return Drawing([None, *lists, job_table.job_heading(None), *_nothing()], busy)
    values = [job_id, *lists, job_table.job_heading(job), *_detail(client, job)]
    return Drawing(values, busy or job.state in job_table.ACTIVE)


def _nothing() -> list[Any]:
    hidden = gr.update(visible=False)
    return [hidden, hidden, hidden, hidden, "", ""]


def _detail(client: ApiClient, job: JobRead) -> list[Any]:
    can_cancel = job.state in ("queued", "running")
    can_retry = job.state in ("failed", "canceled")
    trains = job.kind in _TRAINING and job.run_id is not None
    figure = ""
    if trains and job.run_id is not None:
        curves = [curve for curve in client.curves(job.run_id) if curve.job_id == job.id]
        figure = charts.loss_figure(curves, height=230).to_json()
    return [
        gr.update(visible=can_cancel or can_retry),
        gr.update(visible=can_cancel),
        gr.update(visible=can_retry),
        gr.update(visible=trains),
        figure,
        job_table.job_log(job.id, client.job_log(job.id)),
    ]


def cancel_job(client: ApiClient, sure: bool, job_id: int) -> None:
    """Stop the job, if the person is sure."""
    if sure:
        client.cancel_job(job_id)


def retry_job(client: ApiClient, sure: bool, job_id: int) -> None:
    """Queue the job again, if the person is sure."""
    if sure:
        client.retry_job(job_id)
