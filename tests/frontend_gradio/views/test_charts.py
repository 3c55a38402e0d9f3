"""Figures show what they are given."""

from __future__ import annotations

import pytest

from frontend_gradio.views import charts
from frontend_gradio.views.class_flow import ClassFlow
from hiast.contracts.class_spaces import CITYSCAPES, Colour
from tests.frontend_gradio.fake_records import FakeRecords


@pytest.fixture
def records() -> FakeRecords:
    return FakeRecords()


def test_thresholds_have_one_line_a_class(records: FakeRecords) -> None:
    trajectory = records.trajectory(2)
    figure = charts.threshold_figure(trajectory, [row.colour for row in records.class_summaries(2)])
    assert [trace.name for trace in figure.data] == trajectory.classes
    assert list(figure.data[3].y) == [row[3] for row in trajectory.thresholds]


def test_losses_of_later_steps_follow_the_earlier_ones(records: FakeRecords) -> None:
    figure = charts.loss_figure(records.curves)
    names = [trace.name for trace in figure.data]
    assert names == ["learning rate", "seg", "total"] * 2
    assert figure.data[4].x[0] == 80
    assert [trace.showlegend for trace in figure.data] == [True] * 3 + [False] * 3


def test_a_run_without_points_has_an_empty_loss_figure() -> None:
    assert len(charts.loss_figure([]).data) == 0


def test_classes_without_truth_have_no_iou_line(records: FakeRecords) -> None:
    figure = charts.iou_figure(records.runs[0])
    names = [trace.name for trace in figure.data]
    assert "terrain" not in names
    assert list(figure.data[-1].x) == ["warm-up", "round 1"]
    assert list(figure.data[-1].y) == pytest.approx([51.0, 58.0])


def test_the_round_before_is_marked_only_where_there_is_one(records: FakeRecords) -> None:
    assert len(charts.kept_share_figure(records.class_summaries(1)).data) == 1
    assert len(charts.kept_share_figure(records.class_summaries(2)).data) == 2


@pytest.mark.parametrize("colour", [*CITYSCAPES.colours, (0, 0, 0), (255, 255, 255)])
def test_line_colours_stand_out_from_white_and_from_dark(colour: Colour) -> None:
    channels = charts.line_colour(colour).removeprefix("rgb(").removesuffix(")").split(",")
    red, green, blue = ((int(channel) / 255) ** 2.2 for channel in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert 1.05 / (luminance + 0.05) > 2
    assert (luminance + 0.05) / (0.013 + 0.05) > 2.5


def test_what_became_of_a_class_adds_up(records: FakeRecords) -> None:
    flow = ClassFlow(images=2, of_images=14)
    changes = [records.comparison(100 + place, 200 + place) for place in range(2)]
    for change in changes:
        flow.add(change)
    figure = charts.flow_figure(flow)
    assert [sum(column) for column in zip(*(part.x for part in figure.data), strict=True)] == pytest.approx(
        [100.0] * len(figure.data[0].y)
    )
    assert flow.same == sum(change.same_kept for change in changes)
    assert flow.classes["road"].now == sum(change.classes[0].right_kept for change in changes)
