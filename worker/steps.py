"""What each step of a run does: reads its inputs, calls the method, reports the result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backend.artifacts import ArtifactStore
from backend.jobs import reports
from backend.jobs.inputs import (
    JobInput,
    RoundInput,
    RunInput,
)
from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import (
    EvaluationReport,
    LabelReport,
    LabelSetReport,
    OnProgress,
    Progress,
    TrainingReport,
)
from hiast.contracts.step_files import STATE_FILE, STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data.corrections import DecidedLabels
from hiast.models import save_checkpoint
from hiast.rounds.processes import process_group, process_number, wait_for_all
from hiast.rounds.run_files import LOADED_WEIGHTS_FILE
from hiast.rounds.run_round import train_round
from hiast.rounds.steps import evaluate_checkpoint, warmed_up_model
from worker.label_steps import (
    apply_revision,
    ask_checkpoint,
    compare_with_the_round_before,
    make_labels,
    measure_part_of_round,
    write_export,
)
from worker.reporter import Reporter, StopRequested
from worker.step_files import (
    fetched,
    images_of,
    previous_network,
    take_decided_labels,
)
from worker.stored_state import resumable
from worker.training_processes import stops_together


def run_step(job: JobInput, reporter: Reporter, artifacts: ArtifactStore) -> None:
    """Do the job and report its result. Raises what goes wrong; nothing is reported then."""
    if job.run is None:
        raise UserError(f"a {job.kind} job belongs to a run, and this one has none.")
    if job.checkpoint is not None:
        ask_checkpoint(job.run, job.checkpoint, reporter, artifacts)
    elif job.changes is not None:
        compare_with_the_round_before(job.changes, reporter, artifacts)
    elif job.export is not None:
        write_export(job.run, job.export, reporter, artifacts)
    elif job.kind == "warm_up":
        _warm_up(job.run, reporter, artifacts)
    elif job.round is None:
        raise UserError(f"a {job.kind} job belongs to a round, and this one has none.")
    elif job.kind == "infer_labels":
        measure_part_of_round(job, job.run, job.round, reporter, artifacts)
    elif job.kind == "generate_labels":
        make_labels(job, job.run, job.round, reporter, artifacts)
    elif job.revision is not None:
        apply_revision(job.run, job.round, job.revision, reporter, artifacts)
    elif job.kind == "train_round":
        _train_together(job.run, job.round, reporter, artifacts)
    else:
        evaluation = _evaluate(fetched(artifacts, job.round.key, STUDENT_FILE), job.run, reporter)
        if evaluation is None:
            raise UserError(f"run {job.run.id} has no validation data set to evaluate on.")
        _finish_round_step(reporter, evaluation)


def _finish_round_step(
    reporter: Reporter, report: LabelSetReport | TrainingReport | EvaluationReport
) -> None:
    reporter.write(
        lambda session: reports.succeed_round_step(session, reporter.job_id, reporter.attempt, report)
    )


def _warm_up(run: RunInput, reporter: Reporter, artifacts: ArtifactStore) -> None:
    source = images_of(run.source) if run.source else None
    key, target = run.warm_up_key, images_of(run.target)
    directory = artifacts.directory(key)
    with resumable(artifacts, key, reporter.progress) as progress:
        model = warmed_up_model(run.spec, source, target, directory, progress)
    save_checkpoint(directory / WARM_UP_FILE, model, metadata={"class_space": run.class_space.name})
    made = (WARM_UP_FILE, LOADED_WEIGHTS_FILE)
    artifacts.publish(key, [name for name in made if (directory / name).exists()])
    artifacts.remove(key, [STATE_FILE])
    evaluation = _evaluate(directory / WARM_UP_FILE, run, reporter)
    reporter.write(
        lambda session: reports.succeed_warm_up(session, reporter.job_id, reporter.attempt, evaluation)
    )
    artifacts.remove_unfinished(key)


def _silent(_progress: Progress) -> None:
    """Progress of training processes beside the first, before they have joined."""


def _train_together(
    run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """Train in this process, or with others that torchrun has started; process 0 reports the result."""
    if round_.label_set is None:
        raise UserError(f"round {round_.number} is not completely labelled.")
    used = [report for report in round_.labels if report.name not in round_.rejected]
    first = os.environ.get("RANK", "0") == "0"
    tell = reporter.progress if first else _silent
    labels = take_decided_labels(round_, used, tell, artifacts)
    progress = stops_together(reporter.progress)
    with process_group(run.spec.compute.device):
        try:
            report = _train(run, round_, round_.label_set, used, labels, progress, artifacts)
        except (Canceled, StopRequested):
            # torchrun ends all when one has left; process 0 is still storing its state.
            wait_for_all()
            raise
        if process_number() == 0:
            artifacts.publish(round_.key, [TEACHER_FILE, STUDENT_FILE])
            artifacts.remove(round_.key, [STATE_FILE])
            _finish_round_step(reporter, report)
            artifacts.remove_unfinished(round_.key)


def _train(
    run: RunInput,
    round_: RoundInput,
    label_set: LabelSetReport,
    used: Sequence[LabelReport],
    labels: DecidedLabels,
    on_progress: OnProgress,
    artifacts: ArtifactStore,
) -> TrainingReport:
    with resumable(artifacts, round_.key, on_progress) as progress:
        return train_round(
            run.spec,
            round_.number,
            previous_network(round_, artifacts, STUDENT_FILE),
            images_of(run.target),
            images_of(run.source) if run.source else None,
            labels,
            used,
            label_set,
            artifacts.directory(round_.key),
            progress,
        )


def _evaluate(weights: Path, run: RunInput, reporter: Reporter) -> EvaluationReport | None:
    """Scores on the validation set; None: the run has none."""
    if run.validation is None:
        return None
    return evaluate_checkpoint(run.spec, weights, images_of(run.validation), reporter.progress)
