"""One run: heading, the strip of its steps, the progress of the active job, its rounds."""

from __future__ import annotations

from collections.abc import Sequence

from backend.jobs.schemas import JobRead
from backend.rounds.schemas import RoundRead
from backend.runs.schemas import RunRead
from frontend_gradio.views.markup import (
    UI,
    cells,
    duration,
    link,
    notice,
    percent,
    progress_bar,
    state_chip,
    table,
    text,
    when,
)
from frontend_gradio.views.run_table import waiting_link

ROUND_STEPS = (
    ("labelling", "label"),
    ("reviewing", "review"),
    ("training", "train"),
    ("evaluating", "evaluate"),
)
_ROUND_HEADS = (
    ("Round", ""), ("State", ""), ("Labels", "num"), ("Kept", "num"), ("Accepted", "num"),
    ("Rejected", "num"), ("mIoU", "num"), ("Begun, UTC", "num"), ("Look at", "num"),
)  # fmt: skip


def run_heading(run: RunRead) -> str:
    """Name, state, data sets."""
    facts = [
        f"{text(run.source or 'no source')} → {text(run.target)}",
        f"validation {text(run.validation or '–')}",
        f"{run.class_space.num_classes} classes",
        text(run.spec.model.name),
        f"policy {text(run.spec.selection.policy)}",
        f"seed {run.spec.seed}",
    ]
    waiting = waiting_link(run) if run.state == "waiting_for_review" else ""
    error = notice(run.error, "bad") if run.error else ""
    return (
        f'<div class="st-heading"><small>{link(f"{UI}/", "Runs", "st-soft")} / run {run.id}</small>'
        f'<h1>{text(run.name)} <span id="run-state">{state_chip(run.state)}</span>{waiting}</h1>'
        f'<p class="st-facts">{"<span>".join(["", *(fact + "</span>" for fact in facts)])}</p>'
        f"{error}</div>"
    )


def pipeline_strip(run: RunRead) -> str:
    """warm-up → round 1: label → review → train → evaluate → round 2 …"""
    steps = []
    if run.spec.warm_up.iterations:
        begun = run.warm_up_evaluation is not None or bool(run.rounds)
        steps.append(_group("Warm-up", [("train", _warm_up_phase(run, begun), "")]))
    for number in range(1, run.spec.rounds + 1):
        existing = next((round_ for round_ in run.rounds if round_.number == number), None)
        steps.append(_group(f"Round {number}", _round_steps(existing, review=run.spec.review), existing))
    return f'<div class="st-pipeline" id="pipeline">{"".join(steps)}</div>'


def _warm_up_phase(run: RunRead, begun: bool) -> str:
    if begun:
        return "done"
    return "now" if run.state == "running" else "stopped"


def _group(title: str, steps: list[tuple[str, str, str]], existing: RoundRead | None = None) -> str:
    name = link(f"{UI}/round?round={existing.id}", title) if existing else text(title)
    score = percent(existing.evaluation.mean_iou) if existing and existing.evaluation else ""
    items = "".join(
        f'<li class="{phase}">{link(url, word) if url else text(word)}</li>' for word, phase, url in steps
    )
    return f"<section><header>{name}<span>{score}</span></header><ol>{items}</ol></section>"


def _round_steps(round_: RoundRead | None, *, review: bool) -> list[tuple[str, str, str]]:
    names = [name for name, _ in ROUND_STEPS]
    reached = -1
    if round_ is not None:
        reached = len(names) if round_.state == "finished" else _reached(round_)
    stopped = round_ is not None and round_.state in ("failed", "canceled")
    steps = []
    for place, (name, word) in enumerate(ROUND_STEPS):
        if name == "reviewing" and not review:
            continue
        phase = "done" if place < reached else "later"
        if place == reached:
            waits = round_ is not None and round_.state == "reviewing"
            phase = "stopped" if stopped else "wait" if waits else "now"
        url = f"{UI}/inspect?round={round_.id}" if round_ and name == "reviewing" and reached >= 1 else ""
        steps.append((word, phase, url))
    return steps


def _reached(round_: RoundRead) -> int:
    """Index of the step a round is in; for a stopped one, the step its reports say it stopped in."""
    names = [name for name, _ in ROUND_STEPS]
    if round_.state == "revising":
        return names.index("reviewing")
    if round_.state in names:
        return names.index(round_.state)
    if round_.training is not None:
        return 3
    if round_.approved_by is not None:
        return 2
    return 1 if round_.label_set is not None else 0


def active_job(job: JobRead | None) -> str:
    """The progress card of the running job; empty when nothing runs."""
    if job is None:
        return ""
    number = f"{job.done} / {job.total}" if job.total else ""
    left = f"{duration(job.eta_seconds)} left" if job.eta_seconds is not None else ""
    return (
        '<div class="st-card st-progress" id="active-job">'
        f"{link(f'{UI}/jobs?job={job.id}', job.title, 'st-name')}"
        f"{progress_bar(job.done, job.total)}<span>{number}</span><span>{left}</span>"
        f"{state_chip(job.state)}<small>{text(job.message)}</small></div>"
    )


def rounds_table(rounds: Sequence[RoundRead]) -> str:
    """One row a round."""
    if not rounds:
        return ""
    return table(_ROUND_HEADS, [_round_row(round_) for round_ in rounds], table_id="rounds-table")


def _round_row(round_: RoundRead) -> str:
    links = [
        link(f"{UI}/round?round={round_.id}", "Thresholds"),
        link(f"{UI}/inspect?round={round_.id}", "Labels"),
    ]
    return f'<tr id="round-{round_.id}">' + cells(
        (link(f"{UI}/round?round={round_.id}", f"Round {round_.number}", "st-name"), ""),
        (state_chip(round_.state), ""),
        (f"{round_.label_count} / {round_.image_count}", "num"),
        (percent(round_.label_set.kept_share if round_.label_set else None), "num"),
        (str(round_.reviews.accepted), "num"),
        (str(round_.reviews.rejected), "num"),
        (percent(round_.evaluation.mean_iou if round_.evaluation else None), "num"),
        (when(round_.created_at), "num"),
        (" · ".join(links), "num"),
    ) + "</tr>"  # fmt: skip
