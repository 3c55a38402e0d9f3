"""What each step of a run does: reads its inputs, calls the method, reports the result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from backend.artifacts import WRITTEN_ONCE, ArtifactStore, label_version
from backend.jobs import reports
from backend.jobs.inputs import CheckpointInput, DatasetInput, JobInput, RoundInput, RunInput
from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import (
    EvaluationReport,
    LabelReport,
    LabelSetReport,
    OnProgress,
    Progress,
    TrainingReport,
)
from hiast.contracts.step_files import HISTOGRAMS_FILE, STATE_FILE, STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data import ImageSet
from hiast.data.corrections import DecidedLabels
from hiast.data.label_files import FILE_KINDS, KEPT_LABEL_KINDS, file_name
from hiast.data.measurement_files import measurement_name
from hiast.models import SegmentationModel, load_model, save_checkpoint
from hiast.rounds.processes import process_group, process_number, wait_for_all
from hiast.rounds.run_files import LOADED_WEIGHTS_FILE
from hiast.rounds.run_round import ask_about, label_measured_round, label_round, measure_part, train_round
from hiast.rounds.steps import evaluate_checkpoint, warmed_up_model
from worker.reporter import Reporter, StopRequested
from worker.stored_state import resumable
from worker.training_processes import stops_together


def run_step(job: JobInput, reporter: Reporter, artifacts: ArtifactStore) -> None:
    """Do the job and report its result. Raises what goes wrong; nothing is reported then."""
    if job.run is None:
        raise UserError(f"a {job.kind} job belongs to a run, and this one has none.")
    if job.checkpoint is not None:
        _predict(job.run, job.checkpoint, reporter, artifacts)
    elif job.kind == "warm_up":
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
        evaluation = _evaluate(_fetched(artifacts, job.round.key, STUDENT_FILE), job.run, reporter)
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


def _fetched(artifacts: ArtifactStore, key: str, name: str) -> Path:
    return artifacts.fetch(key, [name]) / name


def _take_labels(
    round_: RoundInput,
    reports: Sequence[LabelReport],
    kinds: Sequence[str],
    on_progress: OnProgress,
    artifacts: ArtifactStore,
) -> Path:
    """The round's label directory, with these files of these labels in it."""
    versions: dict[str, str | None] = {
        file_name(report.name, kind): round_.label_versions[report.name]
        for report in reports
        for kind in kinds
    }

    def on_file(count: int) -> None:
        message = f"fetching label files ({count} of {len(versions)})"
        on_progress(Progress(stage="label", done=0, total=len(reports), message=message))

    artifacts.take(round_.labels_key, versions, on_file)
    return artifacts.directory(round_.labels_key)


def _take_corrections(round_: RoundInput, artifacts: ArtifactStore) -> Path:
    """The directory of what people drew, with the versions in it that the approval fixed."""
    files = [decision.correction for decision in round_.decisions if decision.correction is not None]
    # A name never stands for other content, so the name is version enough.
    artifacts.take(round_.corrections_key, dict.fromkeys(files, WRITTEN_ONCE))
    return artifacts.directory(round_.corrections_key)


def _warm_up(run: RunInput, reporter: Reporter, artifacts: ArtifactStore) -> None:
    source = _images(run.source) if run.source else None
    key, target = run.warm_up_key, _images(run.target)
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


def _previous(round_: RoundInput, artifacts: ArtifactStore, role_file: str) -> SegmentationModel:
    """The network a round starts from: the warm-up's, later the round before's teacher or student."""
    name = WARM_UP_FILE if round_.number == 1 else role_file
    model, _ = load_model(_fetched(artifacts, round_.previous_key, name))
    return model


def _measure(
    job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """One part of the images: what the teacher says of them, for the job that labels."""
    if job.shard is None or job.shards is None:
        raise UserError(f"an {job.kind} job does a part of a round's images, and this one names none.")
    key = round_.measurements_key
    measure_part(
        run.spec,
        round_.number,
        _previous(round_, artifacts, TEACHER_FILE),
        _images(run.target),
        artifacts.directory(key),
        (job.shard, job.shards),
        reporter.progress,
        # What lies there at the first attempt is of a run with this number in an earlier database.
        is_there=lambda name: reporter.attempt > 1 and artifacts.holds(key, measurement_name(name)),
        on_file=lambda name: artifacts.publish(key, [measurement_name(name)]),
    )
    reporter.write(lambda session: reports.succeed_shard(session, reporter.job_id, reporter.attempt))


def _predict(
    run: RunInput, checkpoint: CheckpointInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """What a network says of every target image, beginning with the one somebody waits for."""
    key, target = checkpoint.predictions_key, _images(run.target)
    network, _ = load_model(_fetched(artifacts, checkpoint.key, checkpoint.name))
    ask_about(
        run.spec,
        network,
        target,
        artifacts.directory(key),
        checkpoint.first_image,
        reporter.progress,
        is_there=lambda name: artifacts.holds(key, measurement_name(name)),
        on_file=lambda name: artifacts.publish(key, [measurement_name(name)], version=WRITTEN_ONCE),
    )
    reporter.write(lambda session: reports.succeed_prediction(session, reporter.job_id, reporter.attempt))
    artifacts.remove_unfinished(key)


def _generate_labels(
    job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """All labels of a round: by the teacher, or where other jobs have asked it, from what it said."""
    # Of labels written before an interruption; the quality of the whole set is measured at the end.
    directory = _take_labels(round_, round_.labels, FILE_KINDS, reporter.progress, artifacts)
    version, target = label_version(round_.created_at, reporter.attempt), _images(run.target)

    def on_files(name: str) -> None:
        names = [file_name(name, kind) for kind in FILE_KINDS]
        artifacts.publish(round_.labels_key, names, version=version)

    measurements = [measurement_name(entry.name) for entry in target.entries] if job.shards else []
    if job.shards:
        artifacts.take(round_.measurements_key, dict.fromkeys(measurements))
        said = artifacts.directory(round_.measurements_key)
        label = partial(label_measured_round, run.spec, round_.number, said)
    else:
        teacher = _previous(round_, artifacts, TEACHER_FILE)
        label = partial(label_round, run.spec, round_.number, teacher)
    report = label(
        target,
        directory,
        written=round_.labels,
        on_files=on_files,
        on_label=reporter.label,
        on_progress=reporter.progress,
        histograms=artifacts.directory(round_.key) / HISTOGRAMS_FILE,
    )
    artifacts.publish(round_.key, [HISTOGRAMS_FILE])
    _finish_round_step(reporter, report)
    # From here on nobody writes into these folders; what is left behind by a crash here is only space.
    artifacts.remove_unfinished(round_.labels_key)
    artifacts.remove_unfinished(round_.measurements_key)
    # Label files hold the same.
    artifacts.remove(round_.measurements_key, measurements)


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
    directory = _take_labels(round_, used, KEPT_LABEL_KINDS, tell, artifacts)
    labels = DecidedLabels(directory, round_.decisions, _take_corrections(round_, artifacts))
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
            _previous(round_, artifacts, STUDENT_FILE),
            _images(run.target),
            _images(run.source) if run.source else None,
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
    return evaluate_checkpoint(run.spec, weights, _images(run.validation), reporter.progress)
