import re
from xml.etree import ElementTree

import pytest

from hiast.report.charts import LABEL_GAP, MAX_POINTS, Line, line_chart, spread, ticks


def chart(*lines, **options):
    return line_chart(list(lines), title="t", x_label="x", width=400, height=200, **options)


def paths(svg):
    return [path.split() for path in re.findall(r'class="stroke"[^>]*points="([^"]*)"', svg)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.52, 0.94, [0.6, 0.7, 0.8, 0.9]),
        (1, 24, [5, 10, 15, 20]),
        (1e-6, 2e-5, [5e-6, 1e-5, 1.5e-5, 2e-5]),
        (-3, 3, [-2, 0, 2]),
    ],
)
def test_ticks_are_round_numbers_within_the_range(low, high, expected):
    assert ticks(low, high) == expected


def test_spread_moves_only_what_is_too_close_and_keeps_the_order():
    assert spread([10.0, 100.0], 13, 0, 200) == [10, 100]
    assert spread([50.0, 52.0, 49.0], 10, 0, 200) == [59, 69, 49]


def test_spread_stays_within_its_range_where_there_is_room():
    placed = spread([198.0, 199.0, 200.0], 10, 0, 200)
    assert placed == [180, 190, 200]


def test_a_line_runs_from_left_to_right_and_up_is_more():
    ((first, last),) = paths(chart(Line("a", "red", [(0, 1.0), (10, 2.0)])))
    (left, low), (right, high) = (map(float, point.split(",")) for point in (first, last))
    assert left < right
    assert low > high


def test_long_lines_are_thinned_to_their_first_and_last_point():
    points = [(float(x), float(x)) for x in range(5000)]
    (drawn,) = paths(chart(Line("a", "red", points)))
    (ends,) = paths(chart(Line("a", "red", [points[0], points[-1]])))
    assert len(drawn) == MAX_POINTS
    assert [drawn[0], drawn[-1]] == ends


def test_points_that_are_not_finite_are_left_out():
    svg = chart(Line("a", "red", [(0, 1.0), (1, float("nan")), (2, 2.0)]), Line("b", "red", []))
    assert [len(path) for path in paths(svg)] == [2]
    assert "nan" not in svg


def test_single_points_and_no_line_at_all_are_drawn():
    assert len(paths(chart(Line("a", "red", [(3, 0.0)])))) == 1
    assert paths(chart()) == []


def test_a_name_is_text_not_markup():
    svg = chart(Line("<script>&", "red", [(0, 1.0), (1, 2.0)]))
    names = [text.text for text in ElementTree.fromstring(svg).iter("text") if text.get("class") == "name"]
    assert names == ["<script>&"]


def test_the_chart_grows_until_every_name_has_room():
    lines = [Line(str(index), "red", [(0, 1.0), (1, 1.0)]) for index in range(40)]
    root = ElementTree.fromstring(chart(*lines))
    ys = sorted(float(text.get("y")) for text in root.iter("text") if text.get("class") == "name")
    assert min(b - a for a, b in zip(ys, ys[1:], strict=False)) >= LABEL_GAP - 1e-6
    assert ys[-1] < float(root.get("viewBox").split()[3])
