"""The list of runs and the words of the start form."""

from __future__ import annotations

from collections.abc import Sequence

from backend.jobs.schemas import JobRead
from backend.recipes.schemas import RecipeRead
from backend.runs.schemas import RunRead
from frontend_gradio.views.markup import (
    UI,
    cells,
    duration,
    empty,
    link,
    percent,
    progress_bar,
    state_chip,
    table,
    text,
    when,
)

_HEADS = (
    ("Run", ""),
    ("State", ""),
    ("Now", ""),
    ("Rounds", "num"),
    ("mIoU", "num"),
    ("Waits for you", ""),
    ("Started, UTC", "num"),
)


def runs_table(runs: Sequence[RunRead], jobs: Sequence[JobRead]) -> str:
    """One row a run, newest first; `jobs` supplies progress of the active ones."""
    if not runs:
        return empty(
            "No runs yet.",
            "Choose a recipe on the right and start one. The data sets it needs are registered under "
            "Data sets; generated streets need no files of yours.",
        )
    active = {job.id: job for job in jobs}
    ordered = sorted(runs, key=lambda run: run.created_at, reverse=True)
    rows = [_row(run, active.get(run.active_job_id or -1)) for run in ordered]
    return table(_HEADS, rows, table_id="runs-table")


def _row(run: RunRead, job: JobRead | None) -> str:
    spec = f"{text(run.source or '–')} → {text(run.target)}"
    name = link(f"{UI}/?run={run.id}", run.name, "st-name st-soft") + f"<small>{spec}</small>"
    return f'<tr id="run-{run.id}">' + cells(
        (name, "wide"),
        (state_chip(run.state), ""),
        (_now(run, job), ""),
        (f"{len(run.rounds)} / {run.spec.rounds}", "num"),
        (_scores(run), "num"),
        (waiting_link(run), ""),
        (when(run.created_at), "num"),
    ) + "</tr>"  # fmt: skip


def _now(run: RunRead, job: JobRead | None) -> str:
    if run.error:
        return f'<span class="st-error" title="{text(run.error)}">{text(run.error)}</span>'
    if job is None:
        return '<span class="st-muted">–</span>'
    left = f"{duration(job.eta_seconds)} left" if job.eta_seconds is not None else job.state
    words = f"{text(job.kind.replace('_', ' '))}, {left}"
    return f'{progress_bar(job.done, job.total)}<small class="st-block">{words}</small>'


def _scores(run: RunRead) -> str:
    scores = [percent(run.warm_up_evaluation.mean_iou if run.warm_up_evaluation else None)]
    scores += [percent(round_.evaluation.mean_iou) for round_ in run.rounds if round_.evaluation]
    return scores[-1] if len(scores) == 1 else f"<small>{scores[0]} →</small> {scores[-1]}"


def waiting_link(run: RunRead) -> str:
    """A link to the labels that wait for a person, or an en dash."""
    if run.state != "waiting_for_review" or not run.rounds:
        return '<span class="st-muted">–</span>'
    last = run.rounds[-1]
    words = f"Review {last.reviews.unreviewed} labels" if last.reviews.unreviewed else "Approve the round"
    return link(f"{UI}/inspect?round={last.id}", words, "st-action")


def recipe_note(recipe: RecipeRead | None) -> str:
    """What a recipe does and how long it takes."""
    if recipe is None:
        return empty("No recipes.", "The API offers none; reinstall the package that ships them.")
    return (
        f'<div class="st-recipe"><p>{text(recipe.description)}</p>'
        f"<p><b>Expected time</b> {text(recipe.expected_time)}<br>"
        f"<b>Expected score</b> {text(recipe.expected_score)}<br>"
        f"<b>Settings</b> {text(recipe.settings_source)}</p></div>"
    )
