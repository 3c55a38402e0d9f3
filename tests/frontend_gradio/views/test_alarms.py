"""A round says what looks wrong about it, with the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from frontend_gradio.views import alarms
from tests.frontend_gradio.fake_records import IMAGES, FakeRecords


def _sentences(change: dict[str, Any], class_id: int = 10) -> list[str]:
    records = FakeRecords()
    classes = records.class_summaries(2)
    classes[class_id] = classes[class_id].model_copy(update=change)
    found = alarms.alarms_of(records.round(2), records.round(1), classes)
    assert {name for name, _ in found} <= {classes[class_id].name}
    return [sentence for _, sentence in found]


def test_a_sound_round_has_no_alarm() -> None:
    assert _sentences({}) == []
    assert alarms.alarm_list([]) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predicted_pixels": 40}, "forgetting it"),
        ({"kept_share": 0.05, "previous_kept_share": 0.6}, "keeps 5.0 % of its pixels, 60.0 % in round 1"),
        ({"threshold": 0.999}, "at the cap of 0.999"),
        ({"images": 1}, f"kept on 1 of {IMAGES} images"),
    ],
)
def test_what_is_wrong_with_a_class_is_told_with_numbers(change: dict[str, Any], words: str) -> None:
    (sentence,) = _sentences(change)
    assert words in sentence


def test_the_generators_own_alarms_come_first_and_are_escaped() -> None:
    records = FakeRecords()
    label_set = records.round(2).label_set
    assert label_set is not None
    update = {"label_set": label_set.model_copy(update={"alarms": ["<b>: never predicted."]})}
    round_ = records.round(2).model_copy(update=update)
    found = alarms.alarms_of(round_, None, records.class_summaries(2))
    assert found[0] == ("", "<b>: never predicted.")
    assert "&lt;b&gt;: never predicted." in alarms.alarm_list(found)


def test_few_labels_are_no_ground_for_alarms() -> None:
    records = FakeRecords()
    classes = [row.model_copy(update={"images": 1}) for row in records.class_summaries(2)]
    round_ = records.round(2).model_copy(update={"label_count": 3})
    assert alarms.alarms_of(round_, records.round(1), classes) == []
