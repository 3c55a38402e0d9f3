"""The page of a run: every network beside every other, the labels between them, and which one won."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.reports import EvaluationReport, LabelSetReport, SelectionReport
from hiast.contracts.run_spec import RunSpec
from hiast.data.atomic_files import write_atomically
from hiast.report.charts import Line, line_chart
from hiast.report.templating import css_colour, decimal, percent, render


class ScoredNetwork(NamedTuple):
    """A network of the run. `evaluation` is None without a validation set."""

    round: int
    """0: the network before round 1."""
    name: str
    """What it is called in its round: "student", "teacher"."""
    checkpoint: str
    """Path relative to the run's directory, as in `SelectionReport.chosen`."""
    evaluation: EvaluationReport | None


class RoundOutcome(NamedTuple):
    """The labels of a round. `page`: link to its own page, relative to the run's page."""

    number: int
    labels: LabelSetReport
    page: str


class _Group(NamedTuple):
    """The columns of one round; `outcome` is None before round 1."""

    outcome: RoundOutcome | None
    networks: list[ScoredNetwork]


class _Row(NamedTuple):
    """A row of numbers, one per network, the best of them in bold."""

    name: str
    colour: str | None
    values: list[float | None]
    best: float | None
    show: Callable[[float | None], str] = percent


def write_run_report(
    path: Path,
    *,
    spec: RunSpec,
    classes: ClassSpace,
    networks: Sequence[ScoredNetwork],
    rounds: Sequence[RoundOutcome],
    selection: SelectionReport | None,
) -> None:
    """Write the page of a run, finished or not: one HTML file that links to the pages of its rounds.

    networks: the network before round 1, then those of each round, in order. rounds: in order. selection:
    None until a result was chosen. A choice that saw target labels is marked in red.
    """
    page = render(
        "run.html",
        spec=spec,
        selection=selection,
        chosen=next((net for net in networks if selection and net.checkpoint == selection.chosen), None),
        groups=_groups(networks, rounds),
        networks=networks,
        means=_mean_rows(networks),
        class_scores=_class_rows(classes, networks),
        criterion=_criterion(networks, selection),
        with_quality=any(outcome.labels.quality for outcome in rounds),
        alarms=[(outcome.number, alarm) for outcome in rounds for alarm in outcome.labels.alarms],
        chart=_chart(networks),
    )
    write_atomically(path, page.encode())


def _groups(networks: Sequence[ScoredNetwork], rounds: Sequence[RoundOutcome]) -> list[_Group]:
    outcomes = {outcome.number: outcome for outcome in rounds}
    numbers = sorted({network.round for network in networks} | set(outcomes))
    groups = [
        _Group(outcomes.get(number), [network for network in networks if network.round == number])
        for number in numbers
    ]
    return [group for group in groups if group.networks]


def _row(name: str, values: list[float | None], colour: str | None = None) -> _Row:
    known = [value for value in values if value is not None]
    return _Row(name, colour, values, max(known) if len(known) > 1 else None)


def _mean_rows(networks: Sequence[ScoredNetwork]) -> list[_Row]:
    reports = [network.evaluation for network in networks]
    names = dict.fromkeys(name for report in reports if report for name in report.further_means)
    return [
        _row("mIoU", [report.mean_iou if report else None for report in reports]),
        *(
            _row(name, [report.further_means.get(name) if report else None for report in reports])
            for name in names
        ),
        _row("Pixel accuracy", [report.pixel_accuracy if report else None for report in reports]),
    ]


def _class_rows(classes: ClassSpace, networks: Sequence[ScoredNetwork]) -> list[_Row]:
    reports = [network.evaluation for network in networks]
    return [
        _row(name, [report.class_iou[index] if report else None for report in reports], css_colour(colour))
        for index, (name, colour) in enumerate(zip(classes.classes, classes.colours, strict=True))
    ]


def _criterion(networks: Sequence[ScoredNetwork], selection: SelectionReport | None) -> _Row | None:
    """The values the choice was made by; None where it was made without any."""
    if selection is None or not selection.scores:
        return None
    row = _row(
        selection.criterion.replace("_", " "),
        [selection.scores.get(network.checkpoint) for network in networks],
    )
    # Not every criterion is a share: information is in nats.
    return row._replace(show=decimal)


def _chart(networks: Sequence[ScoredNetwork]) -> Markup | None:
    """Validation mIoU over rounds; None with fewer than two scores."""
    curves: dict[str, list[tuple[float, float]]] = {}
    start = [(0.0, 100 * net.evaluation.mean_iou) for net in networks if net.round == 0 and net.evaluation]
    for network in networks:
        if network.round > 0 and network.evaluation:
            point = (float(network.round), 100 * network.evaluation.mean_iou)
            curves.setdefault(network.name, list(start)).append(point)
    if not curves:
        return None
    colours = ("var(--accent)", "var(--attention)", "var(--good)", "var(--bad)")
    lines = [
        Line(name, colours[place % len(colours)], points)
        for place, (name, points) in enumerate(curves.items())
    ]
    title = "Validation mIoU over rounds"
    return line_chart(lines, title=title, x_label="round", width=620, height=210)
