"""The bundle of a round in the directory of a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hiast import __version__
from hiast.bundles import RoundBundle, write_bundle
from hiast.contracts.decisions import RoundDecisions
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelSetReport, OnProgress
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data.atomic_files import open_atomically
from hiast.rounds.run_files import LABEL_SET_FILE, read_labels, read_report
from hiast.rounds.steps import open_sets


def pack_round(run: Path, number: int, out: Path, on_progress: OnProgress) -> None:
    """Write the bundle of round `number` of the run in `run` to `out`.

    Raises UserError for a round that is not completely labelled, or was by an earlier version.
    """
    directory = run / "rounds" / str(number)
    spec = read_report(run / "spec.json", RunSpec)
    label_set = read_report(directory / LABEL_SET_FILE, LabelSetReport)
    histograms = directory / HISTOGRAMS_FILE
    if not histograms.exists():
        raise UserError(
            f"round {number} has no counts of its confidences: an earlier version labelled it.",
            where=str(histograms),
            remedy="Label the round again.",
        )
    before = run / "rounds" / str(number - 1) / TEACHER_FILE
    network = run / "warm_up" / WARM_UP_FILE if number == 1 else before
    with network.open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    labels = read_labels(directory)
    bundle = RoundBundle(
        made_by=__version__,
        spec=spec,
        number=number,
        classes=open_sets(spec, run, on_progress).target.classes,
        network_sha256=digest,
        labels=labels,
        counted=[report.name for report in labels],
        label_set=label_set,
        rejected=[],
        decisions=RoundDecisions(labels=[]),
    )
    with open_atomically(out) as stream:
        write_bundle(stream, bundle, histograms)
