"""Jobs: the list, and one job with its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args
from urllib.parse import urlencode

from backend.jobs.schemas import JobRead, JobState
from backend.workers.schemas import WorkerRead
from frontend_gradio.views.markup import (
    UI,
    cells,
    duration,
    empty,
    link,
    notice,
    progress_bar,
    state_chip,
    table,
    text,
    when,
)

ACTIVE = ("queued", "running", "canceling")
_HEADS = (
    ("Job", "num"), ("What", ""), ("State", ""), ("Progress", ""), ("Left", "num"), ("Worker", ""),
    ("Started, UTC", "num"), ("Took", "num"),
)  # fmt: skip


def job_address(job_id: int | None, state: str | None) -> str:
    """The page of a job with the list as it is."""
    values = {"state": state, "job": job_id}
    query = urlencode({name: value for name, value in values.items() if value is not None})
    return f"{UI}/jobs" + (f"?{query}" if query else "")


def state_tabs(chosen: str | None, job_id: int | None) -> str:
    """Which jobs are listed."""
    choices = [(None, "all"), *((state, state) for state in get_args(JobState))]
    tabs = "".join(
        link(job_address(job_id, state), words, "st-soft current" if state == chosen else "st-soft")
        for state, words in choices
    )
    return f'<nav class="st-tabs st-filter" aria-label="State">{tabs}</nav>'


def jobs_table(
    jobs: Sequence[JobRead], selected_id: int | None, *, state: str | None = None, total: int = 0
) -> str:
    """One row a job. `state`: the only one listed; `total`: how many there are of these."""
    if not jobs and state is not None:
        return empty(f"No job is {state}.", "Choose “all” to see the others.")
    if not jobs:
        return empty("No jobs yet.", "Register a data set or start a run; their work appears here.")
    rows = [_row(job, job.id == selected_id, state) for job in jobs]
    more = total - len(jobs)
    rest = f'<p class="st-muted">and {more} older ones</p>' if more > 0 else ""
    return table(_HEADS, rows, table_id="jobs-table") + rest


def _row(job: JobRead, selected: bool, state: str | None) -> str:
    took = None
    if job.started_at and job.finished_at:
        took = (job.finished_at - job.started_at).total_seconds()
    waits = f'<small class="st-block">waits for {text(job.waiting_for)}</small>' if job.waiting_for else ""
    problem = f'<small class="st-error" title="{text(job.error)}">{text(job.error)}</small>'
    attempt = f'<small class="st-block">attempt {job.attempt}</small>' if job.attempt > 1 else ""
    active = job.state in ACTIVE
    progress = f"{progress_bar(job.done, job.total)} <small>{job.done} / {job.total}</small>"
    name = link(job_address(job.id, state), job.title, "st-name st-soft")
    return f'<tr id="job-{job.id}" class="{"selected" if selected else ""}">' + cells(
        (str(job.id), "num"),
        (name + (problem if job.error else ""), "wide"),
        (state_chip(job.state) + attempt + waits, ""),
        (progress if job.total else "", ""),
        (duration(job.eta_seconds) if active else "", "num"),
        (text(job.worker or "–"), "worker"),
        (when(job.started_at), "num"),
        (duration(took) if took is not None else "–", "num"),
    ) + "</tr>"  # fmt: skip


def workers_table(workers: Sequence[WorkerRead]) -> str:
    """One row a worker: what it has and what it does."""
    if not workers:
        return empty("No worker is running.", "Queued jobs start when one does.")
    heads = (("Worker", ""), ("GPUs", "num"), ("Memory", "num"), ("Now", ""))
    return table(heads, [_worker_row(worker) for worker in workers], table_id="workers-table")


def _worker_row(worker: WorkerRead) -> str:
    now = "idle" if worker.alive else f"not heard of since {when(worker.seen_at)}"
    if worker.alive and worker.current_job_id is not None:
        now = link(job_address(worker.current_job_id, None), f"job {worker.current_job_id}", "st-soft")
    return "<tr>" + cells(
        (text(worker.name), "wide"),
        (str(worker.gpus) if worker.gpus else "–", "num"),
        (f"{worker.gpu_memory_gib:.0f} GiB" if worker.gpus else "–", "num"),
        (now, ""),
    ) + "</tr>"  # fmt: skip


def job_heading(job: JobRead | None) -> str:
    """The selected job in full."""
    if job is None:
        return empty("No job selected.", "Choose one in the list to see its log.")
    links = []
    if job.run_id is not None:
        links.append(link(f"{UI}/?run={job.run_id}", "run"))
    if job.round_id is not None:
        links.append(link(f"{UI}/round?round={job.round_id}", "round"))
    if job.dataset_id is not None:
        links.append(link(f"{UI}/datasets?dataset={job.dataset_id}", "data set"))
    words = " ".join(links)
    facts = f"attempt {job.attempt}" + (f", worker {text(job.worker)}" if job.worker else "")
    facts += f", priority {job.priority}" if job.priority else ""
    facts += f", waits for {text(job.waiting_for)}" if job.waiting_for else ""
    error = notice(job.error, "bad") if job.error else ""
    return (
        '<div class="st-heading small">'
        f'<h2>Job {job.id} <span id="job-state">{state_chip(job.state)}</span></h2>'
        f'<p>{text(job.title)}</p><p class="st-links">{words}</p>'
        f'<p class="st-muted">{facts}. {text(job.message)}</p>{error}</div>'
    )


def job_log(job_id: int, log: str, *, lines: int = 500) -> str:
    """The last lines of a log."""
    tail = "\n".join(log.splitlines()[-lines:]) or "No log lines yet."
    return (
        f'<pre class="st-log" id="job-log" data-job="{job_id}" tabindex="0" aria-label="Log">'
        f"{text(tail)}</pre>"
    )
