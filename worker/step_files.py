"""The files a step works on, brought to this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backend.artifacts import WRITTEN_ONCE, ArtifactStore
from backend.jobs.inputs import DatasetInput, RoundInput
from hiast.contracts.reports import LabelReport, OnProgress, Progress
from hiast.contracts.step_files import WARM_UP_FILE
from hiast.data import ImageSet
from hiast.data.corrections import DecidedLabels
from hiast.data.label_files import KEPT_LABEL_KINDS, file_name
from hiast.models import SegmentationModel, load_model


def images_of(dataset: DatasetInput) -> ImageSet:
    """The data set as last scanned."""
    return ImageSet.of(dataset.spec, dataset.scan)


def fetched(artifacts: ArtifactStore, key: str, name: str) -> Path:
    """One file, on this machine."""
    return artifacts.fetch(key, [name]) / name


def take_labels(
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


def take_reasons(key: str, labels: Sequence[LabelReport], artifacts: ArtifactStore) -> Path:
    """The directory of a revision's reason maps, with those of these labels in it."""
    names = [file_name(report.name, "reason") for report in labels]
    artifacts.take(key, dict.fromkeys(names, WRITTEN_ONCE))
    return artifacts.directory(key)


def take_decided_labels(
    round_: RoundInput, used: Sequence[LabelReport], on_progress: OnProgress, artifacts: ArtifactStore
) -> DecidedLabels:
    """The labels as they are trained on: their files, with the decisions and what was drawn."""
    revised = round_.reasons_key
    kinds = KEPT_LABEL_KINDS if revised is None else ("prediction",)
    drawn = [decision.correction for decision in round_.decisions if decision.correction is not None]
    return DecidedLabels(
        take_labels(round_, used, kinds, on_progress, artifacts),
        round_.decisions,
        take_drawn(round_, drawn, artifacts),
        None if revised is None else take_reasons(revised, used, artifacts),
    )


def take_drawn(round_: RoundInput, files: Sequence[str], artifacts: ArtifactStore) -> Path:
    """The directory of what people drew, with these files in it."""
    # A name never stands for other content, so the name is version enough.
    artifacts.take(round_.corrections_key, dict.fromkeys(files, WRITTEN_ONCE))
    return artifacts.directory(round_.corrections_key)


def previous_network(round_: RoundInput, artifacts: ArtifactStore, role_file: str) -> SegmentationModel:
    """The network a round starts from: the warm-up's, later the round before's teacher or student."""
    name = WARM_UP_FILE if round_.number == 1 else role_file
    model, _ = load_model(fetched(artifacts, round_.previous_key, name))
    return model
