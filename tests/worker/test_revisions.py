"""Revisions of a round by real workers: what they make, what stays, and what the student trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from backend.artifacts import ArtifactStore, open_store, revision_key, round_key
from backend.corrections.service import draw
from backend.corrections.tables import Correction
from backend.database import read_session, write_session
from backend.doctor import find_problems
from backend.errors import ConflictError
from backend.jobs.service import retry
from backend.labels import layers
from backend.labels.service import read_label
from backend.labels.tables import Label
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.tables import Review
from backend.reviews.vetoes import veto_in_label
from backend.revisions import service as revisions
from backend.revisions.schemas import RevisionCreate
from backend.revisions.tables import Revision
from backend.rounds.bundle import pack_round, write_to_temporary_file
from backend.rounds.service import approve
from backend.rounds.tables import Round
from backend.runs import service as runs
from backend.what_if import service as what_ifs
from backend.what_if.schemas import WhatIf
from hiast.bundles import read_bundle, replay_labels, verify_labels
from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.step_files import STUDENT_FILE
from hiast.data.corrections import encode_correction
from hiast.data.label_files import label_path, read_reason
from tests.worker.service import Service, wait_for

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
IMAGES, HEIGHT, WIDTH = 6, 64, 128
ROAD = 0
CHANGES: dict[str, Any] = {
    "alpha": 0.6,
    "beta": 0.5,
    "gamma": 1.0,
    "initial_threshold": 0.6,
    "threshold_bounds": {ROAD: (0.5, 0.9)},
}


def _in_review(service: Service, name: str = "run", **overrides: Any) -> tuple[int, int]:
    """A run whose first round is in review: ids of both."""
    run_id = service.start_run(name, review=True, training__iterations=2, **overrides)
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        return run_id, session.scalars(select(Round.id).where(Round.run_id == run_id)).one()


def _ask(service: Service, store: ArtifactStore, round_id: int, **changes: Any) -> int:
    body = RevisionCreate.model_validate({"changes": changes, "comment": "try it"})
    with write_session(service.engine) as session:
        return revisions.ask(session, store, round_id, body, "ann").number


def _wait(service: Service, run_id: int, round_id: int) -> Round:
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        return session.get_one(Round, round_id)


def _labels(service: Service, round_id: int) -> Sequence[Label]:
    with read_session(service.engine) as session:
        query = select(Label).where(Label.round_id == round_id).order_by(Label.position)
        return session.scalars(query).all()


def _made(service: Service, round_id: int) -> tuple[list[LabelReport], LabelSetReport | None]:
    with read_session(service.engine) as session:
        label_set = session.get_one(Round, round_id).label_set
    return [label.report for label in _labels(service, round_id)], label_set


def _healthy(service: Service, store: ArtifactStore) -> None:
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []


@pytest.fixture
def streets(service: Service) -> Service:
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    return service


def _local_store(home: Path) -> ArtifactStore:
    return open_store(f"file://{home / 'artifacts'}", cache=home, cache_gib=1, s3_endpoint=None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_revision_is_what_a_run_with_its_settings_has_and_so_is_its_student(streets: Service) -> None:
    store = _local_store(streets.home)
    run_id, round_id = _in_review(streets)
    before = _made(streets, round_id)
    changed = {f"selection__{name}": value for name, value in CHANGES.items()}
    other_run, other = _in_review(streets, "from the start", **changed)

    assert _ask(streets, store, round_id, **CHANGES) == 1
    assert _wait(streets, run_id, round_id).revision == 1
    assert _made(streets, round_id) == _made(streets, other) != before
    assert sum(job.kind == "generate_labels" for job in streets.jobs(run_id)) == 1
    _healthy(streets, store)

    for run in (run_id, other_run):
        streets.advance(run)
        streets.wait_for_run(run)
    students = [
        (streets.home / "artifacts" / round_key(run, 1) / STUDENT_FILE).read_bytes()
        for run in (run_id, other_run)
    ]
    assert students[0] == students[1]
    _healthy(streets, store)
    with pytest.raises(ConflictError, match="round 1 is finished; only a round in review"):
        _ask(streets, store, round_id, alpha=0.9)


def test_a_round_goes_to_a_revision_and_back(
    service: Service, stores: tuple[ArtifactStore, ArtifactStore], tmp_path: Path
) -> None:
    store, _ = stores
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    run_id, round_id = _in_review(service)
    made, label_set = _made(service, round_id)
    with read_session(service.engine) as session:
        as_made = what_ifs.what_if(what_ifs.labelled_round(session, round_id), store, WhatIf())

    _ask(service, store, round_id, order="data_set", **CHANGES)
    revised = _wait(service, run_id, round_id)
    labels = _labels(service, round_id)
    assert [label.name for label in labels] == sorted(label.name for label in labels)
    assert revised.label_set != label_set
    with read_session(service.engine) as session:
        for label in labels:
            files = layers.locate(session, store, label.id)
            kept = files.read_kept()
            counted = np.bincount(kept[kept < 255], minlength=len(label.report.kept_pixels))
            assert counted.tolist() == label.report.kept_pixels
            old = layers.locate(session, store, label.id, 0)
            assert old.digest != files.digest
            assert old.reasons_key is None
        # What if, and a bundle, tell of the labels there are now.
        labelled = what_ifs.labelled_round(session, round_id)
        again = what_ifs.what_if(labelled, store, WhatIf(order="data_set", **CHANGES))
        assert again.thresholds == [label.report.thresholds for label in labels]
        assert again.was_kept_share == pytest.approx(again.kept_share)
        assert what_ifs.what_if(labelled, store, WhatIf()).thresholds == as_made.thresholds
        bundle = write_to_temporary_file(*pack_round(session, store, round_id))
        read = [
            read_label(session, session.get_one(Label, labels[0].id), "ann", number) for number in (0, 1)
        ]
    assert [row.revision for row in read] == [0, 1]
    assert read[0].thresholds != read[1].thresholds == labels[0].report.thresholds
    assert read_bundle(bundle, tmp_path / "counts").revision == 1
    _replays(service, store, bundle, labels, tmp_path)

    with write_session(service.engine) as session:
        revisions.apply(session, round_id, 0, "bob")
    assert _wait(service, run_id, round_id).revision == 0
    assert _made(service, round_id) == (made, label_set)
    with read_session(service.engine) as session:
        read_again = revisions.read_revisions(session, round_id)
    assert [(row.number, row.current, row.person) for row in read_again] == [
        (0, True, "bob"), (1, False, "ann"),
    ]  # fmt: skip
    _healthy(service, store)


def _replays(
    service: Service, store: ArtifactStore, bundle: Path, labels: Sequence[Label], tmp_path: Path
) -> None:
    """The bundle's labels are made again, byte for byte, and checked where all files lie together."""
    together, again = tmp_path / "together", tmp_path / "again"
    with read_session(service.engine) as session:
        for label in labels:
            files = layers.locate(session, store, label.id)
            folder = files.local("prediction", "confidence")
            for kind, source in (
                ("prediction", folder), ("confidence", folder), ("reason", files.reasons()),
            ):  # fmt: skip
                target = label_path(together, label.name, kind)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(label_path(source, label.name, kind).read_bytes())
    assert verify_labels(bundle, together, lambda _progress: None) == IMAGES
    assert replay_labels(bundle, together, again, lambda _progress: None) == IMAGES
    for label in labels:
        np.testing.assert_array_equal(read_reason(again, label.name), read_reason(together, label.name))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_decisions_stay_and_accepted_labels_that_change_are_looked_at_again(streets: Service) -> None:
    store = _local_store(streets.home)
    run_id, round_id = _in_review(streets)
    accepted, rejected, drawn, vetoed, *_ = _labels(streets, round_id)
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    pixels[:30] = ROAD
    draw(streets.engine, store, drawn.id, encode_correction(pixels), "ann", '"0"')
    with write_session(streets.engine) as session:
        decide(session, accepted.id, ReviewCreate(decision="accept"), "ann", '"1"')
        decide(session, rejected.id, ReviewCreate(decision="reject"), "ann", '"1"')
        veto_in_label(session, vetoed.id, [ROAD], "ann", '"1"')
    with read_session(streets.engine) as session:
        covered = session.scalars(select(Correction.counts)).one()
    _ask(streets, store, round_id, initial_threshold=0.05, alpha=0.9, gamma=0.0)
    _wait(streets, run_id, round_id)
    with read_session(streets.engine) as session:
        now = {label.id: label for label in session.scalars(select(Label))}
        assert [now[label.id].status for label in (accepted, rejected)] == ["unreviewed", "rejected"]
        assert now[vetoed.id].vetoed_classes == [ROAD]
        words = session.scalars(select(Review.decision).where(Review.label_id == accepted.id))
        assert list(words) == ["accept", "revise"]
        recounted = session.scalars(select(Correction.counts)).one()
    assert covered is not None and recounted is not None
    assert sum(recounted.covered_pixels) > sum(covered.covered_pixels)
    assert recounted.corrected_pixels == covered.corrected_pixels
    # Whoever had the label open before decides on nothing they have not seen.
    with (
        write_session(streets.engine) as session,
        pytest.raises(UserError, match="was decided on meanwhile"),
    ):
        decide(session, accepted.id, ReviewCreate(decision="accept"), "bob", '"2"')
    _healthy(streets, store)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_applied_changes_nothing(streets: Service) -> None:
    store = _local_store(streets.home)
    run_id, round_id = _in_review(streets)
    made = _made(streets, round_id)
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "these are the settings of revision 0"),
        ({"threshold_bounds": {77: (0.1, 0.2)}}, "class 77; there are classes 0 to 11"),
        ({"threshold_bounds": {1: (0.8, 0.2)}}, "class 1: floor 0.8 is above cap 0.2"),
    ]
    for changes, words in refused:
        with pytest.raises(UserError, match=words):
            _ask(streets, store, round_id, **changes)
    with write_session(streets.engine) as session, pytest.raises(NotFoundError, match="no revision 3"):
        revisions.apply(session, round_id, 3, "ann")

    # A file that is gone: the job says which, the round is in review as before, and the job can be retried.
    victim = label_path(streets.home / "artifacts" / "runs" / "1" / "rounds" / "1" / "labels",
                        made[0][2].name, "confidence")  # fmt: skip
    content = victim.read_bytes()
    victim.write_bytes(content[:40])
    _ask(streets, store, round_id, alpha=0.9)

    def _stopped() -> Any:
        job = streets.jobs(run_id)[-1]
        return job if job.state == "failed" else None

    job = wait_for("the revision to fail", _stopped)
    assert "confidence file is damaged" in job.error
    assert _wait(streets, run_id, round_id).revision == 0
    assert _made(streets, round_id) == made
    with read_session(streets.engine) as session:
        labels = session.scalars(select(Label)).all()
        assert {label.version for label in labels} == {1}
        row = session.scalars(select(Revision).where(Revision.number == 1)).one()
        assert row.label_set is None
        key = revision_key(1, 1, 1, row.created_at)
    assert len(list((streets.home / "artifacts" / key).rglob("*.png"))) == 2
    victim.write_bytes(content)
    _healthy(streets, store)
    with write_session(streets.engine) as session:
        retry(session, job.id, "ann")
    assert _wait(streets, run_id, round_id).revision == 1
    with write_session(streets.engine) as session, pytest.raises(ConflictError, match="of revision 1"):
        revisions.apply(session, round_id, 1, "ann")
    _healthy(streets, store)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_a_revision_is_applied_nobody_decides_and_a_canceled_run_stays_as_it_was(
    service: Service,
) -> None:
    worker = service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    store = _local_store(service.home)
    run_id, round_id = _in_review(service)
    worker.terminate()
    worker.wait()
    made = _made(service, round_id)
    label = _labels(service, round_id)[0]
    _ask(service, store, round_id, alpha=0.9)
    with write_session(service.engine) as session:
        with pytest.raises(ConflictError, match="is revising; its labels cannot be decided on"):
            decide(session, label.id, ReviewCreate(decision="accept"), "ann", '"1"')
        with pytest.raises(ConflictError, match="is revising, not waiting for review"):
            approve(session, round_id, "ann")
        with pytest.raises(ConflictError, match="is revising; only a round in review"):
            revisions.ask(
                session, store, round_id, RevisionCreate.model_validate({"changes": {"alpha": 0.8}}), "bob"
            )
    _healthy(service, store)
    with write_session(service.engine) as session:
        runs.cancel(session, run_id, "ann")
    assert service.run(run_id).state == "canceled"
    _healthy(service, store)
    service.advance(run_id)
    assert service.run(run_id).state == "waiting_for_review"
    assert _made(service, round_id) == made
    _healthy(service, store)
