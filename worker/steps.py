"""What each step of a run does: reads its inputs, calls the method, reports the result."""

from __future__ import annotations

from pathlib import Path

from backend.database import write_session
from backend.jobs import reports
from backend.jobs.inputs import DatasetInput, JobInput, RoundInput, RunInput
from hiast.contracts.errors import UserError
from hiast.contracts.reports import EvaluationReport, LabelSetReport, TrainingReport
from hiast.data import ImageSet
from hiast.models import SegmentationModel, load_model, save_checkpoint
from hiast.rounds.run_round import (
    STATE_FILE,
    STUDENT_FILE,
    TEACHER_FILE,
    WARM_UP_FILE,
    label_round,
    train_round,
)
from hiast.rounds.steps import evaluate_checkpoint, warmed_up_model
from worker.reporter import Reporter


def run_step(job: JobInput, reporter: Reporter, artifacts: Path) -> None:
    """Do the job and report its result. Raises what goes wrong; nothing is reported then."""
    if job.run is None:
        raise UserError(f"a {job.kind} job belongs to a run, and this one has none.")
    if job.kind == "warm_up":
        _warm_up(job.run, reporter, artifacts)
    elif job.round is None:
        raise UserError(f"a {job.kind} job belongs to a round, and this one has none.")
    elif job.kind == "generate_labels":
        _finish_round_step(reporter, _generate_labels(job.run, job.round, reporter, artifacts))
    elif job.kind == "train_round":
        _finish_round_step(reporter, _train(job.run, job.round, reporter, artifacts))
    else:
        evaluation = _evaluate(artifacts / job.round.key / STUDENT_FILE, job.run, reporter)
        if evaluation is None:
            raise UserError(f"run {job.run.id} has no validation data set to evaluate on.")
        _finish_round_step(reporter, evaluation)


def _finish_round_step(
    reporter: Reporter, report: LabelSetReport | TrainingReport | EvaluationReport
) -> None:
    with write_session(reporter.engine) as session:
        reports.succeed_round_step(session, reporter.job_id, reporter.attempt, report)


def _images(dataset: DatasetInput) -> ImageSet:
    return ImageSet.of(dataset.spec, dataset.scan)


def _warm_up(run: RunInput, reporter: Reporter, artifacts: Path) -> None:
    source = _images(run.source) if run.source else None
    directory = artifacts / run.warm_up_key
    model = warmed_up_model(run.spec, source, _images(run.target), directory, reporter.progress)
    metadata = {"class_space": run.class_space.name}
    save_checkpoint(directory / WARM_UP_FILE, model, metadata=metadata)
    (directory / STATE_FILE).unlink(missing_ok=True)
    evaluation = _evaluate(directory / WARM_UP_FILE, run, reporter)
    with write_session(reporter.engine) as session:
        reports.succeed_warm_up(session, reporter.job_id, reporter.attempt, evaluation)


def _previous(round_: RoundInput, artifacts: Path, role_file: str) -> SegmentationModel:
    """The network a round starts from: the warm-up's, later the round before's teacher or student."""
    name = WARM_UP_FILE if round_.number == 1 else role_file
    model, _ = load_model(artifacts / round_.previous_key / name)
    return model


def _generate_labels(
    run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: Path
) -> LabelSetReport:
    return label_round(
        run.spec,
        round_.number,
        _previous(round_, artifacts, TEACHER_FILE),
        _images(run.target),
        artifacts / round_.labels_key,
        written=round_.labels,
        on_label=reporter.label,
        on_progress=reporter.progress,
    )


def _train(run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: Path) -> TrainingReport:
    if round_.label_set is None:
        raise UserError(f"round {round_.number} is not completely labelled.")
    return train_round(
        run.spec,
        round_.number,
        _previous(round_, artifacts, STUDENT_FILE),
        _images(run.target),
        _images(run.source) if run.source else None,
        artifacts / round_.labels_key,
        [report for report in round_.labels if report.name not in round_.rejected],
        round_.label_set,
        artifacts / round_.key,
        reporter.progress,
    )


def _evaluate(weights: Path, run: RunInput, reporter: Reporter) -> EvaluationReport | None:
    """Scores on the validation set; None: the run has none."""
    if run.validation is None:
        return None
    return evaluate_checkpoint(run.spec, weights, _images(run.validation), reporter.progress)
