"""The labels of a round of `hiast run`, as they are trained on, in the format of another tool."""

from __future__ import annotations

from pathlib import Path

from hiast.contracts.reports import OnProgress
from hiast.contracts.run_spec import RunSpec
from hiast.data.corrections import with_corrections_beside
from hiast.exports import ExportedLabel, export_labels
from hiast.rounds.run_files import read_labels, read_report
from hiast.rounds.steps import open_sets


def export_round(run: Path, number: int, name: str, out: Path, on_progress: OnProgress) -> list[str]:
    """Write the labels of round `number` of the run in `run` into `out`; returns what `export_labels` does.

    Corrections that lie beside the label files are applied. Raises UserError for an unknown format, for a
    class space it cannot hold, and for a round without labels.
    """
    directory = run / "rounds" / str(number)
    reports = read_labels(directory)
    labels = with_corrections_beside(directory / "labels", reports)
    classes = open_sets(read_report(run / "spec.json", RunSpec), run, on_progress).target.classes
    told = "\n".join(report.model_dump_json() for report in reports)
    return export_labels(
        name,
        [report.name for report in sorted(reports, key=lambda report: report.name)],
        lambda image: ExportedLabel(image, labels.read(image, classes.num_classes)[0]),
        classes,
        out,
        "\n".join([told, *labels.fingerprint()]),
        on_progress,
    )
