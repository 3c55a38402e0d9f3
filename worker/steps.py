"""What each step of a run does: reads its inputs, calls the method, reports the result."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from backend.jobs import reports
from backend.jobs.inputs import DatasetInput, JobInput, RoundInput, RunInput
from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import EvaluationReport, LabelSetReport, OnProgress, TrainingReport
from hiast.data import ImageSet
from hiast.models import SegmentationModel, load_model, save_checkpoint
from hiast.rounds.processes import process_group, process_number, wait_for_all
from hiast.rounds.run_round import (
    STATE_FILE,
    STUDENT_FILE,
    TEACHER_FILE,
    WARM_UP_FILE,
    label_measured_round,
    label_round,
    measure_part,
    train_round,
)
from hiast.rounds.steps import evaluate_checkpoint, warmed_up_model
from worker.reporter import Reporter, StopRequested
from worker.training_processes import stops_together


def run_step(job: JobInput, reporter: Reporter, artifacts: Path) -> None:
    """Do the job and report its result. Raises what goes wrong; nothing is reported then."""
    if job.run is None:
        raise UserError(f"a {job.kind} job belongs to a run, and this one has none.")
    if job.kind == "warm_up":
        _warm_up(job.run, reporter, artifacts)
    elif job.round is None:
        raise UserError(f"a {job.kind} job belongs to a round, and this one has none.")
    elif job.kind == "infer_labels":
        _measure(job, job.run, job.round, reporter, artifacts)
    elif job.kind == "generate_labels":
        _generate_labels(job, job.run, job.round, reporter, artifacts)
    elif job.kind == "train_round":
        _train_together(job.run, job.round, reporter, artifacts)
    else:
        evaluation = _evaluate(artifacts / job.round.key / STUDENT_FILE, job.run, reporter)
        if evaluation is None:
            raise UserError(f"run {job.run.id} has no validation data set to evaluate on.")
        _finish_round_step(reporter, evaluation)


def _finish_round_step(
    reporter: Reporter, report: LabelSetReport | TrainingReport | EvaluationReport
) -> None:
    reporter.write(
        lambda session: reports.succeed_round_step(session, reporter.job_id, reporter.attempt, report)
    )


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
    reporter.write(
        lambda session: reports.succeed_warm_up(session, reporter.job_id, reporter.attempt, evaluation)
    )


def _previous(round_: RoundInput, artifacts: Path, role_file: str) -> SegmentationModel:
    """The network a round starts from: the warm-up's, later the round before's teacher or student."""
    name = WARM_UP_FILE if round_.number == 1 else role_file
    model, _ = load_model(artifacts / round_.previous_key / name)
    return model


def _measure(job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: Path) -> None:
    """One part of the images: what the teacher says of them, for the job that labels."""
    if job.shard is None or job.shards is None:
        raise UserError(f"an {job.kind} job does a part of a round's images, and this one names none.")
    measure_part(
        run.spec,
        round_.number,
        _previous(round_, artifacts, TEACHER_FILE),
        _images(run.target),
        artifacts / round_.measurements_key,
        (job.shard, job.shards),
        reporter.progress,
    )
    reporter.write(lambda session: reports.succeed_shard(session, reporter.job_id, reporter.attempt))


def _generate_labels(
    job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: Path
) -> None:
    """All labels of a round: by the teacher, or where other jobs have asked it, from what it said."""
    measurements = artifacts / round_.measurements_key
    label = (
        partial(label_round, run.spec, round_.number, _previous(round_, artifacts, TEACHER_FILE))
        if job.shards is None
        else partial(label_measured_round, run.spec, round_.number, measurements)
    )
    report = label(
        _images(run.target),
        artifacts / round_.labels_key,
        written=round_.labels,
        on_label=reporter.label,
        on_progress=reporter.progress,
    )
    _finish_round_step(reporter, report)
    if job.shards is not None:
        # Label files hold the same; what is left behind by a crash here is only space.
        shutil.rmtree(measurements, ignore_errors=True)


def _train_together(run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: Path) -> None:
    """Train in this process, or with others that torchrun has started; process 0 reports the result."""
    with process_group(run.spec.compute.device):
        try:
            report = _train(run, round_, stops_together(reporter.progress), artifacts)
        except (Canceled, StopRequested):
            # torchrun ends all when one has left; process 0 is still storing its state.
            wait_for_all()
            raise
        if process_number() == 0:
            _finish_round_step(reporter, report)


def _train(run: RunInput, round_: RoundInput, on_progress: OnProgress, artifacts: Path) -> TrainingReport:
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
        on_progress,
    )


def _evaluate(weights: Path, run: RunInput, reporter: Reporter) -> EvaluationReport | None:
    """Scores on the validation set; None: the run has none."""
    if run.validation is None:
        return None
    return evaluate_checkpoint(run.spec, weights, _images(run.validation), reporter.progress)
