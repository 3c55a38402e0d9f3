"""Revisions of a round by real workers: what they make, what stays, and what the student trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from backend.artifacts import ArtifactStore, round_key
from backend.corrections.service import draw
from backend.corrections.tables import Correction
from backend.database import read_session, write_session
from backend.errors import ConflictError
from backend.labels import layers
from backend.labels.service import read_label
from backend.labels.tables import Label
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.tables import Review
from backend.reviews.vetoes import veto_in_label
from backend.revisions import service as revisions
from backend.rounds.bundle import pack_round, write_to_temporary_file
from backend.what_if import service as what_ifs
from backend.what_if.schemas import WhatIf
from hiast.bundles import read_bundle, replay_labels, verify_labels
from hiast.contracts.errors import UserError
from hiast.contracts.step_files import STUDENT_FILE
from hiast.data.corrections import encode_correction
from hiast.data.label_files import label_path, read_reason
from tests.worker.revising import (
    HEIGHT,
    IMAGES,
    ROAD,
    WIDTH,
    ask,
    healthy,
    in_review,
    labels_of,
    local_store,
    made_of,
    wait_for_review,
)
from tests.worker.service import Service

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
CHANGES: dict[str, Any] = {
    "alpha": 0.6,
    "beta": 0.5,
    "gamma": 1.0,
    "initial_threshold": 0.6,
    "threshold_bounds": {ROAD: (0.5, 0.9)},
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_revision_is_what_a_run_with_its_settings_has_and_so_is_its_student(streets: Service) -> None:
    store = local_store(streets.home)
    run_id, round_id = in_review(streets)
    before = made_of(streets, round_id)
    changed = {f"selection__{name}": value for name, value in CHANGES.items()}
    other_run, other = in_review(streets, "from the start", **changed)

    assert ask(streets, store, round_id, **CHANGES) == 1
    assert wait_for_review(streets, run_id, round_id).revision == 1
    assert made_of(streets, round_id) == made_of(streets, other) != before
    assert sum(job.kind == "generate_labels" for job in streets.jobs(run_id)) == 1
    healthy(streets, store)

    for run in (run_id, other_run):
        streets.advance(run)
        streets.wait_for_run(run)
    students = [
        (streets.home / "artifacts" / round_key(run, 1) / STUDENT_FILE).read_bytes()
        for run in (run_id, other_run)
    ]
    assert students[0] == students[1]
    healthy(streets, store)
    with pytest.raises(ConflictError, match="round 1 is finished; only a round in review"):
        ask(streets, store, round_id, alpha=0.9)


def test_a_round_goes_to_a_revision_and_back(
    service: Service, stores: tuple[ArtifactStore, ArtifactStore], tmp_path: Path
) -> None:
    store, _ = stores
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    run_id, round_id = in_review(service)
    made, label_set = made_of(service, round_id)
    with read_session(service.engine) as session:
        as_made = what_ifs.what_if(what_ifs.labelled_round(session, round_id), store, WhatIf())

    ask(service, store, round_id, order="data_set", **CHANGES)
    revised = wait_for_review(service, run_id, round_id)
    labels = labels_of(service, round_id)
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
    assert wait_for_review(service, run_id, round_id).revision == 0
    assert made_of(service, round_id) == (made, label_set)
    with read_session(service.engine) as session:
        read_again = revisions.read_revisions(session, round_id)
    assert [(row.number, row.current, row.person) for row in read_again] == [
        (0, True, "bob"), (1, False, "ann"),
    ]  # fmt: skip
    healthy(service, store)


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
    store = local_store(streets.home)
    run_id, round_id = in_review(streets)
    accepted, rejected, drawn, vetoed, *_ = labels_of(streets, round_id)
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    pixels[:30] = ROAD
    draw(streets.engine, store, drawn.id, encode_correction(pixels), "ann", '"0"')
    with write_session(streets.engine) as session:
        decide(session, accepted.id, ReviewCreate(decision="accept"), "ann", '"1"')
        decide(session, rejected.id, ReviewCreate(decision="reject"), "ann", '"1"')
        veto_in_label(session, vetoed.id, [ROAD], "ann", '"1"')
    with read_session(streets.engine) as session:
        covered = session.scalars(select(Correction.counts)).one()
    ask(streets, store, round_id, initial_threshold=0.05, alpha=0.9, gamma=0.0)
    wait_for_review(streets, run_id, round_id)
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
    healthy(streets, store)
