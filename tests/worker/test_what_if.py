"""What a round's counts say of other settings, against rounds that were really labelled with them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.artifacts import open_store
from backend.database import read_session
from backend.labels.tables import Label
from backend.rounds.tables import Round
from backend.what_if import service as what_ifs
from backend.what_if.schemas import WhatIf, WhatIfRead
from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.reports import LabelReport, LabelSetReport
from tests.worker.service import Service

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ROAD, SKY = 0, 8


@pytest.fixture
def streets(service: Service) -> Service:
    service.start_worker()
    service.add_streets("source", "source", 4)
    service.add_streets("target", "target", 8)
    return service


def _labelled(service: Service, name: str, **overrides: Any) -> int:
    """A run that waits for the review of its first round; the round's id."""
    run_id = service.start_run(name, review=True, **overrides)
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        return session.scalars(select(Round.id).where(Round.run_id == run_id)).one()


def _ask(service: Service, round_id: int, **asked: Any) -> WhatIfRead:
    store = open_store(
        f"file://{service.home / 'artifacts'}", cache=service.home, cache_gib=1, s3_endpoint=None
    )
    with read_session(service.engine) as session:
        labelled = what_ifs.labelled_round(session, round_id)
    return what_ifs.what_if(labelled, store, WhatIf.model_validate(asked))


def _made(service: Service, round_id: int) -> tuple[list[LabelReport], LabelSetReport]:
    with read_session(service.engine) as session:
        labels = session.scalars(select(Label).where(Label.round_id == round_id).order_by(Label.position))
        reports = [label.report for label in labels]
        label_set = session.get_one(Round, round_id).label_set
    assert label_set is not None
    return reports, label_set


def _agrees(service: Service, told: WhatIfRead, round_id: int) -> None:
    """The answer is what that round has."""
    reports, label_set = _made(service, round_id)
    assert told.thresholds == [report.thresholds for report in reports]
    assert told.kept_shares == pytest.approx([report.kept_share for report in reports], abs=1e-15)
    assert [row.kept_pixels for row in told.classes] == label_set.class_kept_pixels
    assert [row.class_value for row in told.classes] == label_set.class_values
    assert [row.class_id for row in told.classes if row.hard] == sorted(label_set.hard_classes)
    assert [row.sampling_probability for row in told.classes] == label_set.sampling_probabilities


def test_the_answer_is_what_labelling_with_these_settings_gives(streets: Service) -> None:
    first = _labelled(streets, "as it is")
    unchanged = _ask(streets, first)
    _agrees(streets, unchanged, first)
    assert unchanged.kept_share == pytest.approx(unchanged.was_kept_share)
    changes = {
        "alpha": 0.2,
        "beta": 0.6,
        "gamma": 2.0,
        "initial_threshold": 0.7,
        "threshold_bounds": {ROAD: (0.6, 0.8), SKY: (0.5, 0.5)},
    }
    told = _ask(streets, first, **changes)
    assert told.kept_share != unchanged.kept_share
    other = _labelled(
        streets, "changed", **{f"selection__{name}": value for name, value in changes.items()}
    )
    _agrees(streets, told, other)
    names = [report.name for report in _made(streets, first)[0]]
    assert names == [report.name for report in _made(streets, other)[0]]


def test_orders_are_those_of_runs(streets: Service) -> None:
    first = _labelled(streets, "as it is")
    plain = _labelled(streets, "in order", selection__shuffle=False)
    told = _ask(streets, first, order="data_set")
    _agrees(streets, told, plain)
    assert told.thresholds != _ask(streets, first).thresholds
    with read_session(streets.engine) as session:
        names = {label.id: label.name for label in session.scalars(select(Label))}
    assert [names[label_id] for label_id in told.label_ids] == sorted(names[i] for i in told.label_ids)
    # The run's own seed is 888.
    assert _ask(streets, first, order="shuffled", seed=888).thresholds == _ask(streets, first).thresholds
    band = _ask(streets, first, shuffles=5).band
    assert band is not None
    assert band.at == list(range(1, 9))
    for seed in range(5):
        trail = _ask(streets, first, order="shuffled", seed=seed).thresholds
        for low, row, high in zip(band.low, trail, band.high, strict=True):
            assert all(a <= b <= c for a, b, c in zip(low, row, high, strict=True))
    assert max(high - low for high, low in zip(band.high[-1], band.low[-1], strict=True)) > 0


def test_what_does_not_fit_is_refused(streets: Service) -> None:
    constant = _labelled(streets, "constant", selection__policy="ct")
    with pytest.raises(UserError, match="alpha has no effect: the run's policy is ct"):
        _ask(streets, constant, alpha=0.2)
    assert _ask(streets, constant, initial_threshold=0.05).kept_share > _ask(streets, constant).kept_share
    with pytest.raises(UserError, match="class 77; there are classes 0 to 11"):
        _ask(streets, constant, threshold_bounds={77: (0.1, 0.2)})
    with pytest.raises(UserError, match="class 1: floor 0.8 is above cap 0.2"):
        _ask(streets, constant, threshold_bounds={1: (0.8, 0.2)})
    with pytest.raises(ValueError, match="order is 'labelled' and seed is 3"):
        _ask(streets, constant, seed=3)
    (file,) = (streets.home / "artifacts").rglob("histograms.bin")
    file.rename(file.with_name("elsewhere"))
    with pytest.raises(NotFoundError, match="has no counts of its confidences"):
        _ask(streets, constant)
