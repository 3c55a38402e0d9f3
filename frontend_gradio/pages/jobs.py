"""Jobs: what runs, waits and failed; one job's log under ?job=ID."""

from __future__ import annotations

from typing import Any

import gradio as gr

from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound, only_changes, query_id
from frontend_gradio.pages.page_parts import plain_html, top_bar
from frontend_gradio.views import job_table
from frontend_gradio.views.markup import notice

REFRESH_SECONDS = 2
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Jobs")
    shown = gr.State([])
    job_id = gr.State(None)
    with gr.Row(elem_classes="st-split"):
        with gr.Column(elem_classes="st-main"):
            plain_html('<div class="st-heading"><h1>Jobs</h1></div>')
            jobs = plain_html(elem_id="jobs")
            plain_html('<div class="st-heading"><h2>Workers</h2></div>')
            workers = plain_html(elem_id="workers")
        with gr.Column(elem_classes="st-side wide st-card"):
            heading = plain_html(elem_id="job-heading")
            with gr.Row(elem_classes="st-buttons"):
                cancel = gr.Button("Cancel job", elem_id="cancel-job", visible=False)
                retry = gr.Button("Retry job", elem_id="retry-job", visible=False)
            log = plain_html(elem_id="log", autoscroll=True)
    timer = gr.Timer(REFRESH_SECONDS, active=False)
    drawn = [jobs, heading, workers, cancel, retry, log, timer]
    blocks.load(bound(open_page, client), None, [job_id, *drawn, shown], **_QUIET)
    refresh = {
        "fn": bound(redraw, client, seconds=REFRESH_SECONDS),
        "inputs": [job_id, shown],
        "outputs": [*drawn, shown],
    } | _QUIET
    timer.tick(**refresh)
    cancel.click(bound(cancel_job, client), [job_id], None, **_QUIET).then(**refresh)
    retry.click(bound(retry_job, client), [job_id], None, **_QUIET).then(**refresh)


def open_page(client: ApiClient, request: gr.Request) -> list[Any]:
    """Draw the list and the job the address names."""
    job_id = query_id(request, "job")
    try:
        return [job_id, *redraw(client, job_id, [])]
    except ApiError as error:
        if job_id is None:
            raise
        drawn = redraw(client, None, [])
        drawn[1] = notice(error.detail, "bad")
        return [None, *drawn]


def redraw(client: ApiClient, job_id: int | None, shown: list[str]) -> list[Any]:
    """Draw what changed since `shown`."""
    jobs = client.jobs().items
    job = None if job_id is None else client.job(job_id)
    log = "" if job_id is None else job_table.job_log(client.job_log(job_id))
    can_cancel = job is not None and job.state in ("queued", "running")
    can_retry = job is not None and job.state in ("failed", "canceled")
    values = [job_table.jobs_table(jobs, job_id), job_table.job_heading(job)]
    values.append(job_table.workers_table(client.workers()))
    buttons = [gr.update(visible=can_cancel), gr.update(visible=can_retry)]
    active = any(item.state in job_table.ACTIVE for item in jobs)
    return only_changes(shown, *values, *buttons, log, gr.update(active=active))


def cancel_job(client: ApiClient, job_id: int) -> None:
    """Stop the job."""
    client.cancel_job(job_id)


def retry_job(client: ApiClient, job_id: int) -> None:
    """Queue the job again."""
    client.retry_job(job_id)
