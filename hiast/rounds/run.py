"""A whole run without a server: warm-up, then label → train → evaluate, round after round."""

from __future__ import annotations

from pathlib import Path

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.contracts.reports import EvaluationReport, LabelReport, OnProgress
from hiast.contracts.run_spec import RunSpec
from hiast.data import ImageSet, scan_dataset
from hiast.data.atomic_files import write_atomically
from hiast.models import DeepLabV2, load_model, save_checkpoint
from hiast.rounds.device import choose_device
from hiast.rounds.evaluate import evaluate
from hiast.rounds.initial_model import initial_model
from hiast.rounds.run_round import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE, label_round, train_round
from hiast.rounds.warm_up import warm_up


def open_dataset(spec: DatasetSpec | None, on_progress: OnProgress) -> ImageSet | None:
    """Scan a data set and open its usable images; None stays None."""
    return None if spec is None else ImageSet.of(spec, scan_dataset(spec, on_progress))


def warmed_up_model(
    spec: RunSpec, num_classes: int, source: ImageSet | None, on_progress: OnProgress
) -> DeepLabV2:
    """The network before round 1: initial weights, trained on the source when the spec asks for it."""
    model, _ = initial_model(spec.model, num_classes, spec.seed)
    if spec.warm_up.iterations > 0 and source is not None:
        warm_up(
            model, source, spec.warm_up, seed=spec.seed, device=choose_device(), on_progress=on_progress
        )
    return model


def run(spec: RunSpec, out: Path, on_progress: OnProgress) -> list[EvaluationReport]:
    """Run all rounds without review, writing everything below `out`.

    Returns the scores of the network before round 1 and after each round; empty without validation.
    Raises UserError when a data set cannot be used or the class spaces differ.
    """
    source = open_dataset(spec.source, on_progress)
    target = ImageSet.of(spec.target, scan_dataset(spec.target, on_progress))
    validation = open_dataset(spec.validation, on_progress)
    _require_same_classes(target, {"source": source, "validation": validation})
    write_atomically(out / "spec.json", spec.model_dump_json(indent=2).encode())
    model = warmed_up_model(spec, target.classes.num_classes, source, on_progress)
    path = out / "warm_up" / WARM_UP_FILE
    save_checkpoint(path, model, metadata={"class_space": target.classes.name})
    scores = [_score(path, validation, on_progress)]
    teacher_path = student_path = path
    for number in range(1, spec.rounds + 1):
        directory = out / "rounds" / str(number)
        reports: list[LabelReport] = []
        teacher, _ = load_model(teacher_path)
        label_set = label_round(
            spec,
            number,
            teacher,
            target,
            directory / "labels",
            written=[],
            on_label=reports.append,
            on_progress=on_progress,
        )
        student, _ = load_model(student_path)
        train_round(
            spec,
            number,
            student,
            target,
            source,
            directory / "labels",
            reports,
            label_set,
            directory,
            on_progress,
        )
        teacher_path, student_path = directory / TEACHER_FILE, directory / STUDENT_FILE
        write_atomically(directory / "labels.json", label_set.model_dump_json(indent=2).encode())
        scores.append(_score(student_path, validation, on_progress))
    return [score for score in scores if score is not None]


def _require_same_classes(target: ImageSet, others: dict[str, ImageSet | None]) -> None:
    for role, images in others.items():
        if images is not None and images.classes != target.classes:
            raise UserError(
                f"its class space {images.classes.name!r} is not the target's {target.classes.name!r}.",
                where=role,
                remedy="Choose data sets whose class ids mean the same.",
            )


def _score(path: Path, validation: ImageSet | None, on_progress: OnProgress) -> EvaluationReport | None:
    if validation is None:
        return None
    model, _ = load_model(path)
    report = evaluate(model, validation, device=choose_device(), on_progress=on_progress)
    write_atomically(path.with_suffix(".evaluation.json"), report.model_dump_json(indent=2).encode())
    return report
