"""What the decisions changed, as the Round page tells it."""

from __future__ import annotations

import re

from frontend_gradio.views.decision_effects import decision_effects
from hiast.contracts.decisions import DecisionTotals
from hiast.contracts.reports import LabelQualityReport
from tests.frontend_gradio.fake_corrections import preview_of
from tests.frontend_gradio.fake_records import CLASSES, FakeRecords, evaluation


def _quality(precision: float) -> LabelQualityReport:
    shares: list[float | None] = [precision] * CLASSES
    return LabelQualityReport(
        images=14,
        coverage=0.5,
        precision=precision,
        mean_iou=0.4,
        class_coverage=shares,
        class_precision=shares,
        class_iou=shares,
    )


def _cells(html: str, row: str) -> list[str]:
    found = re.search(rf'<tr id="{row}">(.*?)</tr>', html, re.DOTALL)
    assert found is not None
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.DOTALL)]


def test_changed_classes_are_told_with_what_became_of_them() -> None:
    records = FakeRecords()
    round_ = records.round(1)
    assert round_.label_set is not None
    assert round_.training is not None
    round_.label_set = round_.label_set.model_copy(update={"quality": _quality(0.8)})
    round_.training = round_.training.model_copy(update={"label_quality": _quality(0.9)})
    round_.evaluation = evaluation(0.6)
    round_.decisions = DecisionTotals(labels=2, corrected_pixels=[0] * CLASSES, vetoed_pixels=[0] * CLASSES)
    trained = preview_of(records, 1)
    for row in trained.classes:
        row.trained_pixels = row.kept_pixels
    trained.classes[3].trained_pixels -= 70
    html = decision_effects(trained, round_, evaluation(0.5))
    changed = _cells(html, "effect-3")
    assert changed[3:6] == ["-70", "80.0 %", "90.0 %"]
    assert "effect-2" not in html
    every = _cells(html, "effect-all")
    assert every[3:] == ["-70", "80.0 %", "90.0 %", "50.0 %", "60.0 %", "+10.0"]


def test_without_truth_or_validation_nothing_is_made_up() -> None:
    records = FakeRecords()
    round_ = records.round(1)
    round_.evaluation = None
    trained = preview_of(records, 1)
    trained.classes[0].trained_pixels = trained.classes[0].kept_pixels - 1
    assert _cells(decision_effects(trained, round_, None), "effect-0")[4:] == ["–"] * 5
