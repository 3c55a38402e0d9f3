"""A round as one file, from which its labels can be checked and made again."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, round_key, warm_up_key
from backend.corrections.decisions import decisions_for_training
from backend.revisions import repository as revisions
from backend.rounds import repository
from backend.rounds.counts import counts_file, finished_labels
from backend.runs.tables import Run
from hiast import __version__
from hiast.bundles import RoundBundle, write_bundle
from hiast.contracts.decisions import RoundDecisions
from hiast.contracts.step_files import TEACHER_FILE, WARM_UP_FILE


def pack_round(session: Session, artifacts: ArtifactStore, round_id: int) -> tuple[RoundBundle, Path]:
    """What the bundle says, and the file of its counts.

    Raises ConflictError while labels are being made, NotFoundError for a round of an earlier version.
    """
    round_ = repository.get_round(session, round_id)
    label_set = finished_labels(round_)
    histograms = counts_file(artifacts, round_key(round_.run_id, round_.number), round_.number)
    run = session.get_one(Run, round_.run_id)
    labels = repository.labels_in_order(session, round_id)
    reports = [label.report for label in labels]
    made = revisions.find(session, round_id, 0)
    selection = revisions.selection_of(session, round_, run.spec.selection)
    first = round_.number == 1
    network_key = warm_up_key(run.id) if first else round_key(run.id, round_.number - 1)
    name = WARM_UP_FILE if first else TEACHER_FILE
    with (artifacts.fetch(network_key, [name]) / name).open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    bundle = RoundBundle(
        made_by=__version__,
        spec=run.spec.model_copy(update={"selection": selection}),
        number=round_.number,
        classes=run.class_space,
        network_sha256=digest,
        revision=round_.revision,
        labels=reports,
        counted=[row.name for row in (revisions.labels_of(session, made) if made else reports)],
        label_set=label_set,
        rejected=[label.name for label in labels if label.status == "rejected"],
        decisions=RoundDecisions(labels=decisions_for_training(session, round_)),
    )
    return bundle, histograms


def write_to_temporary_file(bundle: RoundBundle, histograms: Path) -> Path:
    """The packed bundle; whoever asks deletes it."""
    with tempfile.NamedTemporaryFile(prefix="bundle-", suffix=".zip", delete=False) as stream:
        path = Path(stream.name)
        try:
            write_bundle(stream, bundle, histograms)
        except BaseException:
            path.unlink()
            raise
    return path
