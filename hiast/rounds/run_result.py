"""Scores of a run's networks, the pages people read, and the network that is its result."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from hiast.contracts.reports import (
    EvaluationReport,
    LabelSetReport,
    OnProgress,
    TrainingReport,
)
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data import ImageSet
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import with_corrections_beside
from hiast.models import load_model
from hiast.report import RoundOutcome, ScoredNetwork, write_round_report, write_run_report
from hiast.rounds.curves import read_curve
from hiast.rounds.device import choose_device
from hiast.rounds.model_selection import choose_network, information
from hiast.rounds.run_files import (
    CURVE_FILE,
    LABEL_SET_FILE,
    PAGE_FILE,
    RESULT_FILE,
    SELECTION_FILE,
    TRAINING_FILE,
    Sets,
    read_labels,
    read_report,
)
from hiast.rounds.steps import evaluate_checkpoint

_EVALUATION_SUFFIX: Final = ".evaluation.json"


def score_network(spec: RunSpec, path: Path, validation: ImageSet | None, on_progress: OnProgress) -> None:
    """Score a checkpoint on the validation set and write the report beside it, unless it is there."""
    report_path = path.with_suffix(_EVALUATION_SUFFIX)
    if validation is None or report_path.exists():
        return
    report = evaluate_checkpoint(spec, path, validation, on_progress)
    write_atomically(report_path, report.model_dump_json(indent=2).encode())


def networks(spec: RunSpec, out: Path) -> list[ScoredNetwork]:
    """The networks there are so far, in order of training; of a round the student before the teacher."""
    places = [(0, "before round 1", f"warm_up/{WARM_UP_FILE}")]
    for number in range(1, spec.rounds + 1):
        places += [
            (number, name, f"rounds/{number}/{file}")
            for name, file in (("student", STUDENT_FILE), ("teacher", TEACHER_FILE))
        ]
    return [
        ScoredNetwork(number, name, path, _evaluation(out / path))
        for number, name, path in places
        if (out / path).exists()
    ]


def write_round_page(spec: RunSpec, number: int, target: ImageSet, out: Path) -> None:
    """Write the page of a trained round."""
    directory = out / "rounds" / str(number)
    labels = read_labels(directory)
    scored = {
        f"{network.name} {network.round}" if network.round else network.name: network.evaluation
        for network in networks(spec, out)
        if network.round in (number - 1, number)
    }
    write_round_report(
        directory / PAGE_FILE,
        spec=spec,
        number=number,
        images=target,
        files=with_corrections_beside(directory / "labels", labels),
        labels=labels,
        label_set=read_report(directory / LABEL_SET_FILE, LabelSetReport),
        training=read_report(directory / TRAINING_FILE, TrainingReport),
        metrics=read_curve(directory / CURVE_FILE),
        evaluations={name: report for name, report in scored.items() if report is not None},
    )


def finish_run(spec: RunSpec, sets: Sets, out: Path, on_progress: OnProgress) -> None:
    """Choose the run's result, copy it to `out` and write the page of the run."""
    candidates = networks(spec, out)
    scores: dict[str, float] = {}
    if spec.evaluation.select_by == "information":
        for candidate in candidates:
            model, _ = load_model(out / candidate.checkpoint)
            scores[candidate.checkpoint] = information(
                model,
                sets.target,
                spec.evaluation,
                device=choose_device(spec.compute.device),
                on_progress=on_progress,
            )
    elif spec.evaluation.select_by == "target_labels":
        scores = {net.checkpoint: net.evaluation.mean_iou for net in candidates if net.evaluation}
    paths = [candidate.checkpoint for candidate in candidates]
    selection = choose_network(spec.evaluation.select_by, paths, scores)
    write_atomically(out / SELECTION_FILE, selection.model_dump_json(indent=2).encode())
    shutil.copyfile(out / selection.chosen, out / RESULT_FILE)
    write_run_report(
        out / PAGE_FILE,
        spec=spec,
        classes=sets.target.classes,
        networks=candidates,
        rounds=[
            RoundOutcome(
                number,
                read_report(out / "rounds" / str(number) / LABEL_SET_FILE, LabelSetReport),
                f"rounds/{number}/{PAGE_FILE}",
            )
            for number in range(1, spec.rounds + 1)
        ],
        selection=selection,
    )


def _evaluation(checkpoint: Path) -> EvaluationReport | None:
    path = checkpoint.with_suffix(_EVALUATION_SUFFIX)
    return read_report(path, EvaluationReport) if path.exists() else None
