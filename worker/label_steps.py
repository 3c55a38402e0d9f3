"""Steps that make labels, or look at images as labelling does."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from backend.artifacts import WRITTEN_ONCE, ArtifactStore, label_version
from backend.jobs import reports
from backend.jobs.inputs import (
    ChangesInput,
    CheckpointInput,
    ExportInput,
    JobInput,
    RevisionInput,
    RoundInput,
    RunInput,
)
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelReport
from hiast.contracts.step_files import HISTOGRAMS_FILE, TEACHER_FILE
from hiast.data import ImageSet
from hiast.data.corrections import recount_correction
from hiast.data.label_files import FILE_KINDS, file_name
from hiast.data.measurement_files import measurement_name
from hiast.exports import EXPORT_FILE, ExportedLabel, export_labels, zip_folder
from hiast.models import load_model
from hiast.rounds.compare_rounds import RoundLabels, compare_rounds
from hiast.rounds.revise_labels import revise_labels
from hiast.rounds.run_round import ask_about, label_measured_round, label_round, measure_part
from hiast.selection.image_order import changed_order
from worker.reporter import Reporter
from worker.step_files import (
    fetched,
    images_of,
    previous_network,
    take_decided_labels,
    take_drawn,
    take_labels,
    take_reasons,
)


def measure_part_of_round(
    job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """One part of the images: what the teacher says of them, for the job that labels."""
    if job.shard is None or job.shards is None:
        raise UserError(f"an {job.kind} job does a part of a round's images, and this one names none.")
    key = round_.measurements_key
    measure_part(
        run.spec,
        round_.number,
        previous_network(round_, artifacts, TEACHER_FILE),
        images_of(run.target),
        artifacts.directory(key),
        (job.shard, job.shards),
        reporter.progress,
        # What lies there at the first attempt is of a run with this number in an earlier database.
        is_there=lambda name: reporter.attempt > 1 and artifacts.holds(key, measurement_name(name)),
        on_file=lambda name: artifacts.publish(key, [measurement_name(name)]),
    )
    reporter.write(lambda session: reports.succeed_shard(session, reporter.job_id, reporter.attempt))


def ask_checkpoint(
    run: RunInput, checkpoint: CheckpointInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """What a network says of every target image, beginning with the one somebody waits for."""
    key, target = checkpoint.predictions_key, images_of(run.target)
    network, _ = load_model(fetched(artifacts, checkpoint.key, checkpoint.name))
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


def make_labels(
    job: JobInput, run: RunInput, round_: RoundInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """All labels of a round: by the teacher, or where other jobs have asked it, from what it said."""
    # Of labels written before an interruption; the quality of the whole set is measured at the end.
    directory = take_labels(round_, round_.labels, FILE_KINDS, reporter.progress, artifacts)
    version, target = label_version(round_.created_at, reporter.attempt), images_of(run.target)

    def on_files(name: str) -> None:
        names = [file_name(name, kind) for kind in FILE_KINDS]
        artifacts.publish(round_.labels_key, names, version=version)

    measurements = [measurement_name(entry.name) for entry in target.entries] if job.shards else []
    if job.shards:
        artifacts.take(round_.measurements_key, dict.fromkeys(measurements))
        said = artifacts.directory(round_.measurements_key)
        label = partial(label_measured_round, run.spec, round_.number, said)
    else:
        teacher = previous_network(round_, artifacts, TEACHER_FILE)
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
    reporter.write(
        lambda session: reports.succeed_round_step(session, reporter.job_id, reporter.attempt, report)
    )
    # From here on nobody writes into these folders; what is left behind by a crash here is only space.
    artifacts.remove_unfinished(round_.labels_key)
    artifacts.remove_unfinished(round_.measurements_key)
    # Label files hold the same.
    artifacts.remove(round_.measurements_key, measurements)


def apply_revision(
    run: RunInput,
    round_: RoundInput,
    revision: RevisionInput,
    reporter: Reporter,
    artifacts: ArtifactStore,
) -> None:
    """The round's labels under other settings: no network, only what is stored."""
    target = images_of(run.target)
    labels = take_labels(round_, revision.made, FILE_KINDS, reporter.progress, artifacts)
    key = revision.reasons_key
    reasons = labels if key is None else take_reasons(key, revision.written, artifacts)

    def on_label(report: LabelReport) -> None:
        if key is not None:
            artifacts.publish(key, [file_name(report.name, "reason")], version=WRITTEN_ONCE)
        reporter.revised_label(report)

    selection = revision.changes.apply_to(run.spec.selection)
    label_set = revise_labels(
        run.spec.model_copy(update={"selection": selection}),
        revision.made,
        changed_order(revision.changes, _places(revision.made, target), round_.number),
        artifacts.fetch(round_.key, [HISTOGRAMS_FILE]) / HISTOGRAMS_FILE,
        labels,
        reasons,
        target,
        written=revision.written,
        on_label=on_label,
        on_progress=reporter.progress,
    )
    drawn = take_drawn(round_, list(revision.drawn.values()), artifacts)
    counts = {
        report.name: recount_correction(drawn / revision.drawn[report.name], labels, reasons, report)
        for report in revision.made
        if report.name in revision.drawn
    }
    reporter.write(
        lambda session: reports.succeed_revision(
            session, reporter.job_id, reporter.attempt, label_set, counts
        )
    )
    if key is not None:
        artifacts.remove_unfinished(key)


def compare_with_the_round_before(
    changes: ChangesInput, reporter: Reporter, artifacts: ArtifactStore
) -> None:
    """What became of the pixels of every image since the round before."""

    def taken(round_: RoundInput) -> RoundLabels:
        reasons = round_.reasons_key
        kinds = FILE_KINDS if reasons is None else ("prediction", "confidence")
        return RoundLabels(
            take_labels(round_, round_.labels, kinds, reporter.progress, artifacts),
            {report.name: report for report in round_.labels},
            None if reasons is None else take_reasons(reasons, round_.labels, artifacts),
        )

    report = compare_rounds(
        taken(changes.before),
        taken(changes.now),
        taken(changes.earlier) if changes.earlier else None,
        reporter.progress,
    )
    reporter.write(
        lambda session: reports.succeed_changes(
            session, reporter.job_id, reporter.attempt, changes.revision, report
        )
    )


def write_export(run: RunInput, export: ExportInput, reporter: Reporter, artifacts: ArtifactStore) -> None:
    """The labels of a round, as they are trained on, in the format of another tool, as one zip."""
    used = [report for report in export.round.labels if report.name not in export.round.rejected]
    labels = take_decided_labels(export.round, used, reporter.progress, artifacts)
    told = "\n".join([*(report.model_dump_json() for report in used), *labels.fingerprint()])
    # An attempt that finds other decisions than the one before begins anew.
    directory = artifacts.directory(export.key)
    folder = directory / f"files-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    export_labels(
        export.format,
        sorted(report.name for report in used),
        lambda name: ExportedLabel(name, labels.read(name, run.class_space.num_classes)[0]),
        run.class_space,
        folder,
        told,
        reporter.progress,
    )
    size, sha256 = zip_folder(folder, directory / EXPORT_FILE)
    artifacts.publish(export.key, [EXPORT_FILE], version=sha256)
    reporter.write(
        lambda session: reports.succeed_export(
            session, reporter.job_id, reporter.attempt, len(used), size, sha256
        )
    )
    for left in directory.glob("files-*"):
        shutil.rmtree(left)
    artifacts.remove_unfinished(export.key)


def _places(made: Sequence[LabelReport], target: ImageSet) -> NDArray[np.int64]:
    """The images in data set order, as places in the order of the labels `made`."""
    place = {report.name: order for order, report in enumerate(made)}
    if place.keys() != {entry.name for entry in target.entries}:
        other = sorted(place.keys() ^ {entry.name for entry in target.entries})
        raise UserError(
            f"the data set has changed since it was labelled; {other[0]!r} is in one of both only "
            f"({len(other)} images in all).",
            remedy="Put the images back and scan the data set again.",
        )
    return np.array([place[entry.name] for entry in target.entries], np.int64)
