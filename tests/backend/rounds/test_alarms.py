"""A round says what looks wrong about it, with the numbers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from backend.database import read_session, write_session
from backend.datasets.tables import Dataset, Image
from backend.rounds.alarms import alarms_of, shared_images
from backend.rounds.schemas import Alarm
from backend.runs.tables import Run
from tests.backend.reviews.conftest import ClientOf, client_of, origin
from tests.backend.reviews.seeded_round import add_round
from tests.frontend_gradio.fake_records import IMAGES, FakeRecords

__all__ = ["client_of", "origin"]


def _alarms(change: dict[str, Any], class_id: int = 10) -> list[Alarm]:
    records = FakeRecords()
    classes = records.class_summaries(2)
    classes[class_id] = classes[class_id].model_copy(update=change)
    found = alarms_of(records.round(2), records.round(1), classes, [])
    assert {alarm.class_id for alarm in found} <= {class_id}
    return found


def test_a_sound_round_has_no_alarm() -> None:
    assert _alarms({}) == []


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("forgotten", {"predicted_pixels": 40}, "forgetting it"),
        (
            "kept_share",
            {"kept_share": 0.05, "previous_kept_share": 0.6},
            "keeps 5.0 % of its pixels, 60.0 % in round 1",
        ),
        ("cap", {"threshold": 0.999}, "at the cap of 0.999"),
        ("starving", {"images": 1}, f"kept on 1 of {IMAGES} images"),
    ],
)
def test_what_is_wrong_with_a_class_is_told_with_numbers(
    kind: str, change: dict[str, Any], words: str
) -> None:
    (alarm,) = _alarms(change)
    assert alarm.kind == kind
    assert words in alarm.sentence


def test_the_generators_own_alarms_come_first() -> None:
    records = FakeRecords()
    label_set = records.round(2).label_set
    assert label_set is not None
    update = {"label_set": label_set.model_copy(update={"alarms": ["bus: never predicted."]})}
    round_ = records.round(2).model_copy(update=update)
    found = alarms_of(round_, None, records.class_summaries(2), ["a/1", "a/2"])
    assert [alarm.kind for alarm in found[:2]] == ["unseen", "validation"]
    assert found[0].sentence == "bus: never predicted."
    assert (found[1].images, "2 images are trained and validated on" in found[1].sentence) == (
        ["a/1", "a/2"],
        True,
    )


def test_few_labels_are_no_ground_for_alarms() -> None:
    records = FakeRecords()
    classes = [row.model_copy(update={"images": 1}) for row in records.class_summaries(2)]
    round_ = records.round(2).model_copy(update={"label_count": 3})
    assert alarms_of(round_, records.round(1), classes, []) == []


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    return add_round(engine)


def test_images_that_are_trained_and_validated_on_are_named(
    client_of: ClientOf, engine: Engine, round_id: int
) -> None:
    def kinds() -> list[str]:
        return [alarm["kind"] for alarm in client_of("ann").get(f"/rounds/{round_id}/alarms").json()]

    assert "validation" not in kinds()
    with write_session(engine) as session:
        run = session.get_one(Run, 1)
        target = session.get_one(Dataset, run.target_id)
        other = Dataset(name="other", spec=target.spec, state="ready")
        session.add(other)
        session.flush()
        names = [row.name for row in session.query(Image).filter_by(dataset_id=target.id)][:2]
        for place, name in enumerate([*names, "only here"]):
            path = next(
                (row.image_path for row in session.query(Image).filter_by(name=name)), "only here.png"
            )
            session.add(
                Image(
                    dataset_id=other.id,
                    name=f"v{place}",
                    position=place,
                    image_path=path,
                    height=4,
                    width=4,
                )
            )
        run.validation_id = other.id
    assert "validation" in kinds()
    with read_session(engine) as session:
        assert sorted(shared_images(session, session.get_one(Run, 1))) == sorted(names)
    with write_session(engine) as session:
        run = session.get_one(Run, 1)
        run.validation_id = run.target_id
    with read_session(engine) as session:
        assert len(shared_images(session, session.get_one(Run, 1))) > 2
    assert client_of("ann").get("/rounds/77/alarms").status_code == 404
