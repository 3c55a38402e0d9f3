"""Revisions that are refused, fail or are canceled: nothing is applied in part."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.artifacts import revision_key
from backend.database import read_session, write_session
from backend.errors import ConflictError
from backend.jobs.service import retry
from backend.labels.tables import Label
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.revisions import service as revisions
from backend.revisions.schemas import RevisionCreate
from backend.revisions.tables import Revision
from backend.rounds.service import approve
from backend.runs import service as runs
from hiast.contracts.errors import NotFoundError, UserError
from hiast.data.label_files import label_path
from tests.worker.revising import (
    IMAGES,
    ask,
    healthy,
    in_review,
    labels_of,
    local_store,
    made_of,
    wait_for_review,
)
from tests.worker.service import Service, wait_for

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_applied_changes_nothing(streets: Service) -> None:
    store = local_store(streets.home)
    run_id, round_id = in_review(streets)
    made = made_of(streets, round_id)
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "these are the settings of revision 0"),
        ({"threshold_bounds": {77: (0.1, 0.2)}}, "class 77; there are classes 0 to 11"),
        ({"threshold_bounds": {1: (0.8, 0.2)}}, "class 1: floor 0.8 is above cap 0.2"),
    ]
    for changes, words in refused:
        with pytest.raises(UserError, match=words):
            ask(streets, store, round_id, **changes)
    with write_session(streets.engine) as session, pytest.raises(NotFoundError, match="no revision 3"):
        revisions.apply(session, round_id, 3, "ann")

    # A file that is gone: the job says which, the round is in review as before, and the job can be retried.
    victim = label_path(streets.home / "artifacts" / "runs" / "1" / "rounds" / "1" / "labels",
                        made[0][2].name, "confidence")  # fmt: skip
    content = victim.read_bytes()
    victim.write_bytes(content[:40])
    ask(streets, store, round_id, alpha=0.9)

    def _stopped() -> Any:
        job = streets.jobs(run_id)[-1]
        return job if job.state == "failed" else None

    job = wait_for("the revision to fail", _stopped)
    assert "confidence file is damaged" in job.error
    assert wait_for_review(streets, run_id, round_id).revision == 0
    assert made_of(streets, round_id) == made
    with read_session(streets.engine) as session:
        labels = session.scalars(select(Label)).all()
        assert {label.version for label in labels} == {1}
        row = session.scalars(select(Revision).where(Revision.number == 1)).one()
        assert row.label_set is None
        key = revision_key(1, 1, 1, row.created_at)
    assert len(list((streets.home / "artifacts" / key).rglob("*.png"))) == 2
    victim.write_bytes(content)
    healthy(streets, store)
    with write_session(streets.engine) as session:
        retry(session, job.id, "ann")
    assert wait_for_review(streets, run_id, round_id).revision == 1
    with write_session(streets.engine) as session, pytest.raises(ConflictError, match="of revision 1"):
        revisions.apply(session, round_id, 1, "ann")
    healthy(streets, store)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_a_revision_is_applied_nobody_decides_and_a_canceled_run_stays_as_it_was(
    service: Service,
) -> None:
    worker = service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    store = local_store(service.home)
    run_id, round_id = in_review(service)
    worker.terminate()
    worker.wait()
    made = made_of(service, round_id)
    label = labels_of(service, round_id)[0]
    ask(service, store, round_id, alpha=0.9)
    with write_session(service.engine) as session:
        with pytest.raises(ConflictError, match="is revising; its labels cannot be decided on"):
            decide(session, label.id, ReviewCreate(decision="accept"), "ann", '"1"')
        with pytest.raises(ConflictError, match="is revising, not waiting for review"):
            approve(session, round_id, "ann")
        with pytest.raises(ConflictError, match="is revising; only a round in review"):
            revisions.ask(
                session, store, round_id, RevisionCreate.model_validate({"changes": {"alpha": 0.8}}), "bob"
            )
    healthy(service, store)
    with write_session(service.engine) as session:
        runs.cancel(session, run_id, "ann")
    assert service.run(run_id).state == "canceled"
    healthy(service, store)
    service.advance(run_id)
    assert service.run(run_id).state == "waiting_for_review"
    assert made_of(service, round_id) == made
    healthy(service, store)
