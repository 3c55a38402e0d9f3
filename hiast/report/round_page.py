"""The page of one round: what the labels look like, where they look wrong, what training made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.decisions import total
from hiast.contracts.reports import (
    EvaluationReport,
    LabelReport,
    LabelSetReport,
    Progress,
    TrainingReport,
)
from hiast.contracts.run_spec import RunSpec, SelectionSpec
from hiast.data import ImageSet
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import DecidedLabels
from hiast.report.charts import Line, line_chart
from hiast.report.example_images import REASONS, read_examples
from hiast.report.templating import css_colour, render


class ClassRow(NamedTuple):
    """One row of the class table. Shares and scores 0..1, None where undefined."""

    name: str
    colour: str
    threshold: float
    target_share: float | None
    """Share of the class that the policy means to keep at this threshold."""
    kept_share: float | None
    predicted_pixels: int
    class_value: float
    hard: bool
    sampling_probability: float
    coverage: float | None
    precision: float | None
    label_iou: float | None
    ious: tuple[float | None, ...]
    """One per evaluation."""


def write_round_report(
    path: Path,
    *,
    spec: RunSpec,
    number: int,
    images: ImageSet,
    files: DecidedLabels,
    labels: Sequence[LabelReport],
    label_set: LabelSetReport,
    training: TrainingReport | None,
    metrics: Sequence[Progress],
    evaluations: Mapping[str, EvaluationReport],
) -> None:
    """Write the page of round `number` (from 1): one HTML file that needs nothing beside it.

    labels: those of the round, in any order. training: None before the student has trained. metrics:
    progress of that training; what has no metrics is skipped. evaluations: scores by what was scored,
    such as "before", "student", "teacher", shown in this order and compared with the first. Raises
    UserError for an image or label file that is missing or damaged.
    """
    examples, reasons = read_examples(images, files, labels)
    scores = list(evaluations.values())
    heading, title = _target_heading(spec.selection)
    page = render(
        "round.html",
        spec=spec,
        number=number,
        facts=_facts(spec, images, training),
        label_set=label_set,
        quality=label_set.quality,
        training=training,
        evaluations=[
            (name, report, report.mean_iou - scores[0].mean_iou if place else None)
            for place, (name, report) in enumerate(evaluations.items())
        ],
        target_heading=heading,
        target_title=title,
        rows=class_rows(images.classes, spec.selection, label_set, scores),
        decisions=total(files.decisions),
        threshold_chart=_threshold_chart(images.classes, labels),
        loss_charts=_loss_charts(metrics),
        examples=examples,
        reasons=[(REASONS[reason][0], css_colour(REASONS[reason][1])) for reason in reasons],
    )
    write_atomically(path, page.encode())


def class_rows(
    classes: ClassSpace,
    selection: SelectionSpec,
    label_set: LabelSetReport,
    evaluations: Sequence[EvaluationReport],
) -> list[ClassRow]:
    """The class table, in order of class id."""
    quality = label_set.quality
    rows = []
    for index, name in enumerate(classes.classes):
        predicted = label_set.class_predicted_pixels[index]
        row = ClassRow(
            name=name,
            colour=css_colour(classes.colours[index]),
            threshold=label_set.thresholds[index],
            target_share=target_share(selection, label_set.thresholds[index]),
            kept_share=label_set.class_kept_pixels[index] / predicted if predicted else None,
            predicted_pixels=predicted,
            class_value=label_set.class_values[index],
            hard=index in label_set.hard_classes,
            sampling_probability=label_set.sampling_probabilities[index],
            coverage=quality.class_coverage[index] if quality else None,
            precision=quality.class_precision[index] if quality else None,
            label_iou=quality.class_iou[index] if quality else None,
            ious=tuple(report.class_iou[index] for report in evaluations),
        )
        rows.append(row)
    return rows


def target_share(selection: SelectionSpec, threshold: float) -> float | None:
    """Share 0..1 of a class that the policy means to keep.

    ias: α·θ^γ (HIAST, arXiv 2302.06992, instance adaptive selector); cbst: its portion, whatever the
    threshold; None for policies that aim at no share.
    """
    if selection.policy == "ias":
        return float(selection.alpha * threshold**selection.gamma)
    return selection.portion if selection.policy == "cbst" else None


def _target_heading(selection: SelectionSpec) -> tuple[str, str]:
    if selection.policy == "ias":
        return "Target α·θ^γ, %", (
            f"Share of the class to keep at this threshold: {selection.alpha:g}·θ^{selection.gamma:g}"
        )
    return "Target, %", "Share of the class that the policy means to keep"


def _facts(spec: RunSpec, images: ImageSet, training: TrainingReport | None) -> list[str]:
    selection = spec.selection
    policy = {
        "ias": f"ias, α {selection.alpha:g}, β {selection.beta:g}, γ {selection.gamma:g}",
        "cbst": f"cbst, portion {selection.portion:g}",
        "ct": f"ct, threshold {selection.initial_threshold:g}",
        "nt": "nt",
    }[selection.policy]
    facts = [f"target {images.spec.root}", f"model {spec.model.name}", f"selection {policy}"]
    if training is not None:
        facts.append(f"{training.iterations:,} iterations")
    facts.append(f"seed {spec.seed}")
    chosen_by = {
        "last": "result of the run: the last teacher",
        "information": "result of the run: chosen by information, no labels",
        "target_labels": "result of the run: chosen by TARGET LABELS",
    }
    return [*facts, chosen_by[spec.evaluation.select_by]]


def _threshold_chart(classes: ClassSpace, labels: Sequence[LabelReport]) -> Markup:
    ordered = sorted(labels, key=lambda label: label.order)
    lines = [
        Line(
            name,
            css_colour(colour),
            [(label.order + 1.0, label.thresholds[index]) for label in ordered],
        )
        for index, (name, colour) in enumerate(zip(classes.classes, classes.colours, strict=True))
    ]
    title = "Threshold of every class over the labelling order"
    return line_chart(lines, title=title, x_label="images labelled", width=1230, height=300)


def _loss_charts(metrics: Sequence[Progress]) -> list[tuple[str, float, Markup]]:
    """(name, last value, chart) of every metric, in order of appearance: their scales differ."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for progress in metrics:
        for name, value in progress.metrics.items():
            curves.setdefault(name, []).append((float(progress.done), value))
    charts = []
    for name, points in curves.items():
        line = Line(name, "var(--accent)", points)
        chart = line_chart([line], title=name, x_label="iteration", width=300, height=150, name_lines=False)
        charts.append((name.replace("_", " "), points[-1][1], chart))
    return charts
