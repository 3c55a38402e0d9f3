"""What people can do with runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.datasets.repository import get_dataset_by_name
from backend.datasets.tables import Dataset
from backend.errors import ConflictError
from backend.jobs.service import retry
from backend.jobs.tables import Job
from backend.pagination import Page, cut, decode_cursor
from backend.rounds.schemas import Curve, CurvePoint, RoundRead
from backend.rounds.service import approve, read_rounds
from backend.rounds.tables import Round
from backend.runs import progression, repository
from backend.runs.schemas import RunCreate, RunRead
from backend.runs.tables import Run
from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import RunSpec
from hiast.recipes import ROLES, DatasetRole, build_spec, load_recipe


def read_run(session: Session, run: Run) -> RunRead:
    """The run as it travels."""
    return read_runs(session, [run])[0]


def read_runs(session: Session, runs: Sequence[Run]) -> list[RunRead]:
    """Runs as they travel, with the same few queries for one as for many."""
    ids = [run.id for run in runs]
    jobs, names = repository.active_job_ids(session, ids), repository.dataset_names(session, runs)
    rounds: dict[int, list[RoundRead]] = {run_id: [] for run_id in ids}
    for round_ in read_rounds(session, repository.rounds_of(session, ids)):
        rounds[round_.run_id].append(round_)
    return [
        RunRead.model_validate(
            {
                **{name: getattr(run, name, None) for name in RunRead.model_fields},
                "source": names.get(run.source_id or 0),
                "target": names[run.target_id],
                "validation": names.get(run.validation_id or 0),
                "active_job_id": next(iter(jobs.get(run.id, [])), None),
                "active_job_ids": jobs.get(run.id, []),
                "rounds": rounds[run.id],
            },
            from_attributes=True,
        )
        for run in runs
    ]


def list_runs(session: Session, *, state: str | None, cursor: str | None, limit: int) -> Page[RunRead]:
    """A page of runs, newest first."""
    of = f"state={state}"
    before = decode_cursor(cursor, int, of=of)[0] if cursor else None
    runs, total = repository.list_runs(session, state=state, before=before, limit=limit + 1)
    runs, next_cursor = cut(runs, limit, lambda run: (run.id,), of=of)
    return Page(items=read_runs(session, runs), next_cursor=next_cursor, total=total)


def create(session: Session, body: RunCreate, allowed_roots: list[Path], person: str) -> Run:
    """Start a run. `allowed_roots`: where weights may lie, as data sets; empty: anywhere."""
    datasets = _chosen_datasets(session, body)
    spec = _resolved_spec(body, datasets)
    _check_weights(spec.model.weights, allowed_roots)
    for role in ROLES:
        if getattr(spec, role) is not None and role not in datasets:
            raise UserError(f"no {role} data set is named.", where=role, remedy="Name a registered one.")
    target = datasets["target"]
    for role, dataset in datasets.items():
        _check_usable(role, dataset)
    for role, dataset in datasets.items():
        _check_classes(role, dataset, target)
    if target.class_space is None:
        raise ConflictError(f"data set {target.name!r} has not been scanned.", where="target")
    validation, source = datasets.get("validation"), datasets.get("source")
    if validation is not None and not validation.spec.labelled:
        raise UserError(
            f"data set {validation.name!r} has no labels to score against.",
            where="validation",
            remedy="Choose a labelled data set, or none.",
        )
    run = Run(
        name=spec.name,
        recipe=body.recipe,
        spec=spec,
        class_space=target.class_space,
        source_id=source.id if source else None,
        target_id=target.id,
        validation_id=validation.id if validation else None,
        priority=body.priority,
    )
    session.add(run)
    session.flush()
    progression.start(session, run)
    after = {"name": run.name, "recipe": run.recipe, "target": target.name}
    record(session, person, "run.start", "run", run.id, after=after)
    return run


def _chosen_datasets(session: Session, body: RunCreate) -> dict[DatasetRole, Dataset]:
    chosen: dict[DatasetRole, Dataset] = {}
    for role in ROLES:
        name = getattr(body, role)
        if name is not None:
            chosen[role] = get_dataset_by_name(session, name)
    return chosen


def _resolved_spec(body: RunCreate, datasets: dict[DatasetRole, Dataset]) -> RunSpec:
    specs = {role: dataset.spec for role, dataset in datasets.items()}
    if body.spec is not None:
        chosen = {str(role): spec for role, spec in specs.items()}
        name = body.name or body.spec.name
        return RunSpec.model_validate({**body.spec.model_dump(), **chosen, "name": name})
    recipe = load_recipe(body.recipe or "")
    return build_spec(recipe, name=body.name, datasets=specs, overrides=body.set)


def _check_weights(weights: str | None, allowed_roots: list[Path]) -> None:
    if weights is None or not allowed_roots or weights.startswith(("bundled:", "hub:")):
        return
    path = Path(weights)
    real = path.resolve() if path.is_absolute() else None
    if real is None or not any(real.is_relative_to(allowed) for allowed in allowed_roots):
        raise UserError(
            f"{weights!r} is not an absolute path below an allowed directory.",
            where="model.weights",
            remedy="Allowed: " + ", ".join(map(str, allowed_roots)) + " (STUDIO_DATA_ROOTS).",
        )


def _check_usable(role: DatasetRole, dataset: Dataset) -> None:
    if dataset.state != "ready":
        remedy = "Wait until its scan has finished." if dataset.state == "scanning" else "Scan it again."
        raise ConflictError(f"data set {dataset.name!r} is {dataset.state}.", where=role, remedy=remedy)
    if dataset.image_count == 0:
        raise ConflictError(
            f"data set {dataset.name!r} has no usable image.",
            where=role,
            remedy="Its page lists what is wrong with each file.",
        )


def _check_classes(role: DatasetRole, dataset: Dataset, target: Dataset) -> None:
    if dataset.class_space != target.class_space:
        raise UserError(
            f"data set {dataset.name!r} has other classes than the target {target.name!r}.",
            where=role,
            remedy="All data sets of a run share one class space.",
        )


def cancel(session: Session, run_id: int, person: str) -> Run:
    """Stop a run wherever it is. What it has finished stays; `advance` goes on from there."""
    run = repository.lock_run(session, run_id)
    if run.state not in ("running", "waiting_for_review"):
        raise ConflictError(f"run {run.id} has already {run.state}.", remedy="There is nothing to cancel.")
    before = {"state": run.state}
    progression.cancel(session, run)
    record(session, person, "run.cancel", "run", run.id, before=before, after={"state": run.state})
    return run


def change_priority(session: Session, run_id: int, priority: int) -> Run:
    """Let the run's queued jobs, and those to come, be started sooner or later than others."""
    run = repository.lock_run(session, run_id)
    progression.change_priority(session, run, priority)
    return run


def advance(session: Session, run_id: int, person: str) -> Run:
    """Move a run on: approve the round that waits, or go on after a failure or cancel."""
    run = repository.lock_run(session, run_id)
    rounds = repository.list_rounds(session, run.id)
    before = {"state": run.state}
    if run.state == "waiting_for_review":
        approve(session, rounds[-1].id, person)
    elif run.state in ("failed", "canceled"):
        _resume(session, run, rounds[-1] if rounds else None, person)
    else:
        raise ConflictError(
            f"run {run.id} is {run.state}.",
            remedy="Only a run that waits for review, has failed or was canceled can be moved on.",
        )
    record(session, person, "run.advance", "run", run.id, before=before, after={"state": run.state})
    return run


def _resume(session: Session, run: Run, round_: Round | None, person: str) -> None:
    job: Job | None = progression.last_job(session, run.id)
    if job is not None and job.state in ("failed", "canceled") and job.kind != "apply_revision":
        retry(session, job.id, person)
    elif round_ is not None:
        # Canceled while it waited for review: it waits again.
        round_.state, run.state, run.finished_at = "reviewing", "waiting_for_review", None


def read_curves(session: Session, run_id: int) -> list[Curve]:
    """Loss and learning-rate curves, a curve a job."""
    repository.get_run(session, run_id)
    numbers = {round_.id: round_.number for round_ in repository.list_rounds(session, run_id)}
    curves: dict[int, Curve] = {}
    for job, event in repository.list_metrics(session, run_id):
        number = numbers.get(job.round_id) if job.round_id is not None else None
        curve = curves.setdefault(
            job.id, Curve(job_id=job.id, kind=job.kind, round_number=number, points=[])
        )
        curve.points.append(CurvePoint.model_validate(event.data))
    return list(curves.values())
