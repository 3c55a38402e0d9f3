"""What a job says of two rounds, against their labels."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from backend.changes import service as changes
from backend.database import read_session, write_session
from backend.doctor import find_problems
from backend.errors import ConflictError
from backend.jobs.tables import Job
from backend.labels import layers
from backend.labels.tables import Label
from backend.rounds.tables import Round
from hiast.contracts.changes import ChangeReport
from tests.worker.revising import IMAGES, ask, local_store, wait_for_review
from tests.worker.service import Service, wait_for

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def _counted(service: Service, round_id: int) -> ChangeReport:
    with write_session(service.engine) as session:
        job_id = changes.ask(session, round_id, "ann").id
        # Asked again while it waits or works, it is the same job.
        assert changes.ask(session, round_id, "bob").id == job_id

    def _there() -> ChangeReport | None:
        with read_session(service.engine) as session:
            job = session.get_one(Job, job_id)
            assert job.state != "failed", job.error
            return changes.read_changes(session, round_id).report

    return wait_for("the comparison", _there)


def test_rounds_are_compared_over_all_images(service: Service) -> None:
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    store = local_store(service.home)
    run_id = service.start_run(review=True, rounds=3, training__iterations=2)
    for _ in range(2):
        service.wait_for_run(run_id, "waiting_for_review")
        service.advance(run_id)
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        rounds = session.scalars(select(Round).order_by(Round.number)).all()
    ids = [round_.id for round_ in rounds]
    with write_session(service.engine) as session:
        with pytest.raises(ConflictError, match="no round before round 1"):
            changes.ask(session, ids[0], "ann")
        assert changes.read_changes(session, ids[2]).job is None

    report = _counted(service, ids[2])
    kept: dict[tuple[int, str], np.ndarray] = {}
    with read_session(service.engine) as session:
        for label in session.scalars(select(Label)):
            kept[label.round_id, label.name] = layers.locate(session, store, label.id).read_kept()
        sums = [round_.label_set.class_kept_pixels for round_ in rounds if round_.label_set]
    names = sorted({name for _, name in kept})
    assert report.images == IMAGES == len(names)
    assert [row.before for row in report.classes] == sums[1]
    assert [row.now for row in report.classes] == sums[2]
    first, before, now = (np.stack([kept[round_id, name] for name in names]) for round_id in ids)
    assert sum(row.both for row in report.classes) == ((before == now) & (now < 255)).sum()
    back = (first == now) & (before != now)
    assert sum(row.oscillating for row in report.classes) == back.sum() > 0
    assert report.pixels == now.size
    for name, image in ((row.name, row) for row in report.most_changed):
        index = names.index(name)
        assert image.changed == (before[index] != now[index]).sum()
        assert image.oscillating == back[index].sum()
    with write_session(service.engine) as session, pytest.raises(ConflictError, match="are counted"):
        changes.ask(session, ids[2], "ann")

    # Of other labels nothing was counted yet; of the same network, only θ can have changed more.
    ask(service, store, ids[2], alpha=0.9, gamma=0.0, initial_threshold=0.2)
    wait_for_review(service, run_id, ids[2])
    with read_session(service.engine) as session:
        assert changes.read_changes(session, ids[2]).report is None
    revised = _counted(service, ids[2])
    assert sum(row.by_threshold for row in revised.classes) > sum(
        row.by_threshold for row in report.classes
    )
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []
