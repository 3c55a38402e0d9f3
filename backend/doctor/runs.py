"""Do the states of runs, their rounds and their jobs fit each other?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.doctor.problem import Problem
from backend.jobs.queue import ACTIVE
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs.progression import ROUND_STATE_OF_JOB
from backend.runs.tables import Run

MOVE_ON: Final = "Cancel the run, then move it on with POST /api/v1/runs/{id}/advance."
NEW_RUN: Final = "Restore the database from a backup, or start a new run."


def run_problems(session: Session) -> Iterator[Problem]:
    """Check every run and its rounds."""
    rounds: defaultdict[int, list[Round]] = defaultdict(list)
    for round_ in session.scalars(select(Round).order_by(Round.run_id, Round.number)):
        rounds[round_.run_id].append(round_)
    active: defaultdict[int, list[Job]] = defaultdict(list)
    for job in session.scalars(select(Job).where(Job.state.in_(ACTIVE), Job.run_id.is_not(None))):
        active[job.run_id or 0].append(job)
    for run in session.scalars(select(Run).order_by(Run.id)):
        yield from _run(run, rounds[run.id], active[run.id])
        yield from _order(run, rounds[run.id])
        for round_ in rounds[run.id]:
            yield from _reports(run, round_)
            yield from _work(run, round_, active[run.id])


def _run(run: Run, rounds: Sequence[Round], active: Sequence[Job]) -> Iterator[Problem]:
    thing, last = f"run {run.id}", rounds[-1].state if rounds else "none"
    if (run.state == "running") != bool(active):
        jobs = ", ".join(str(job.id) for job in active) or "none"
        yield Problem(thing, f"it is {run.state}, and its queued or running jobs are: {jobs}.", MOVE_ON)
    if run.state == "waiting_for_review" and last != "reviewing":
        yield Problem(thing, f"it waits for review, and its last round is {last}.", MOVE_ON)
    if run.state == "succeeded":
        finished = sum(round_.state == "finished" for round_ in rounds)
        if finished != run.spec.rounds:
            problem = f"it has succeeded with {finished} of {run.spec.rounds} rounds finished."
            yield Problem(thing, problem, NEW_RUN)
    if run.state in ("failed", "canceled") and rounds and last not in (run.state, "finished"):
        yield Problem(thing, f"it has {run.state}, and its last round is {last}.", MOVE_ON)
    if run.state == "failed" and not run.error:
        yield Problem(thing, "it failed and does not say why.", "Read the log of its newest job.")
    ended = run.state in ("succeeded", "failed", "canceled")
    if ended != (run.finished_at is not None):
        when = f"an end at {run.finished_at}" if run.finished_at else "no time of its end"
        yield Problem(thing, f"it is {run.state} and has {when}.", MOVE_ON)


def _order(run: Run, rounds: Sequence[Round]) -> Iterator[Problem]:
    numbers = [round_.number for round_ in rounds]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > run.spec.rounds:
        problem = f"it has the rounds {numbers}, of {run.spec.rounds}."
        yield Problem(f"run {run.id}", problem, NEW_RUN)
    for round_ in rounds[:-1]:
        if round_.state != "finished":
            thing = f"run {run.id}, round {round_.number}"
            yield Problem(thing, f"it is {round_.state}, and a later round has begun.", NEW_RUN)


def _reports(run: Run, round_: Round) -> Iterator[Problem]:
    """What the state of a round says is done must have its report."""
    needed: dict[str, tuple[str, ...]] = {
        "reviewing": ("label_set",),
        "revising": ("label_set",),
        "training": ("label_set", "approved_by"),
        "evaluating": ("label_set", "approved_by", "training"),
        "finished": ("label_set", "approved_by", "training", "finished_at"),
    }
    fields = needed.get(round_.state, ())
    if round_.state == "finished" and run.validation_id is not None:
        fields += ("evaluation",)
    absent = [field for field in fields if getattr(round_, field) is None]
    if absent:
        thing = f"run {run.id}, round {round_.number}"
        yield Problem(thing, f"it is {round_.state} without {', '.join(absent)}.", NEW_RUN)


def _work(run: Run, round_: Round, active: Sequence[Job]) -> Iterator[Problem]:
    """A round that is being worked on has jobs of just that kind; no other round has any."""
    thing = f"run {run.id}, round {round_.number}"
    # Of a canceled run the round rests at once, its revision a moment later.
    at_work = [job for job in active if round_.state != "canceled" or job.kind != "apply_revision"]
    states = {ROUND_STATE_OF_JOB.get(job.kind) for job in at_work if job.round_id == round_.id}
    expected = {round_.state} & set(ROUND_STATE_OF_JOB.values())
    if states != expected:
        jobs = ", ".join(f"{job.id} ({job.kind})" for job in active if job.round_id == round_.id) or "none"
        yield Problem(thing, f"it is {round_.state}, and its queued or running jobs are: {jobs}.", MOVE_ON)
