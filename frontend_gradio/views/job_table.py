"""Jobs: the list, and one job with its log."""

from __future__ import annotations

from collections.abc import Sequence

from backend.jobs.schemas import JobRead
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
    ("Job", "num"), ("What", ""), ("State", ""), ("Progress", ""), ("Left", "num"), ("Started", "num"),
    ("Took", "num"),
)  # fmt: skip


def jobs_table(jobs: Sequence[JobRead], selected_id: int | None) -> str:
    """One row a job."""
    if not jobs:
        return empty("No jobs yet.", "Register a data set or start a run; their work appears here.")
    return table(_HEADS, [_row(job, job.id == selected_id) for job in jobs], table_id="jobs-table")


def _row(job: JobRead, selected: bool) -> str:
    took = None
    if job.started_at and job.finished_at:
        took = (job.finished_at - job.started_at).total_seconds()
    waits = f'<small class="st-block">waits for {text(job.waiting_for)}</small>' if job.waiting_for else ""
    problem = f'<small class="st-error" title="{text(job.error)}">{text(job.error)}</small>'
    attempt = f'<small class="st-block">attempt {job.attempt}</small>' if job.attempt > 1 else ""
    active = job.state in ACTIVE
    progress = f"{progress_bar(job.done, job.total)} <small>{job.done} / {job.total}</small>"
    return f'<tr id="job-{job.id}" class="{"selected" if selected else ""}">' + cells(
        (str(job.id), "num"),
        (link(f"{UI}/jobs?job={job.id}", job.title, "st-name") + (problem if job.error else ""), "wide"),
        (state_chip(job.state) + attempt + waits, ""),
        (progress if job.total else "", ""),
        (duration(job.eta_seconds) if active else "", "num"),
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
        now = link(f"{UI}/jobs?job={worker.current_job_id}", f"job {worker.current_job_id}")
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
    words = " · ".join(links)
    facts = f"attempt {job.attempt}" + (f", worker {text(job.worker)}" if job.worker else "")
    facts += f", priority {job.priority}" if job.priority else ""
    facts += f", waits for {text(job.waiting_for)}" if job.waiting_for else ""
    error = notice(job.error, "bad") if job.error else ""
    return (
        '<div class="st-heading small">'
        f'<h2>Job {job.id} <span id="job-state">{state_chip(job.state)}</span></h2>'
        f"<p>{text(job.title)} {words}</p>"
        f'<p class="st-muted">{facts}. {text(job.message)}</p>{error}</div>'
    )


def job_log(log: str, *, lines: int = 200) -> str:
    """The last lines of a log."""
    tail = log.splitlines()[-lines:]
    if not tail:
        return '<pre class="st-log" id="job-log">No log lines yet.</pre>'
    return f'<pre class="st-log" id="job-log">{text(chr(10).join(tail))}</pre>'
