"""Whatever people do with a round in review, in whatever order: its labels and decisions fit each other."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from backend.artifacts import ArtifactStore, corrections_key
from backend.corrections.decisions import decisions_of
from backend.corrections.repository import newest
from backend.corrections.service import draw, erase
from backend.database import read_session, write_session
from backend.jobs import queue, reports
from backend.jobs import service as jobs
from backend.jobs.loading import load_inputs
from backend.labels import layers
from backend.labels.tables import Label
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.vetoes import veto_in_label, veto_in_round
from backend.revisions import repository as revision_rows
from backend.revisions import service as revisions
from backend.revisions.schemas import RevisionCreate
from backend.rounds.tables import Round
from backend.what_if import service as what_ifs
from backend.what_if.schemas import WhatIf
from hiast.contracts.errors import Canceled
from hiast.data.corrections import apply_decisions, encode_correction, read_correction
from hiast.data.label_files import read_reason
from tests.worker.revising import HEIGHT, IMAGES, WIDTH, healthy, in_review, labels_of, local_store
from tests.worker.service import Service
from worker.reporter import Reporter
from worker.steps import run_step

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
CLASSES, STEPS = 12, 30
LEASE = timedelta(seconds=600)


class Reviewers:
    """People at random."""

    def __init__(self, service: Service, store: ArtifactStore, round_id: int, seed: int) -> None:
        self.service, self.store, self.round_id = service, store, round_id
        self.random = random.Random(seed)
        self.statuses = {label.id: "unreviewed" for label in labels_of(service, round_id)}

    def act(self) -> str:
        """Do something; its name."""
        actions = [self.review, self.veto, self.veto_everywhere, self.draw, self.erase, self.revise]
        action = self.random.choice([*actions, self.revise, self.go_back, self.give_up])
        action()
        return action.__name__

    def _label(self) -> Label:
        return self.random.choice(labels_of(self.service, self.round_id))

    def _classes(self) -> list[int]:
        return self.random.sample(range(CLASSES), self.random.randint(0, 3))

    def review(self) -> None:
        label, decision = self._label(), self.random.choice(["accept", "reject", "skip", "reset"])
        # Of a round without any label left nothing can be asked.
        if decision == "reject" and list(self.statuses.values()).count("rejected") >= IMAGES - 2:
            return
        with write_session(self.service.engine) as session:
            body = ReviewCreate.model_validate({"decision": decision})
            row = decide(session, label.id, body, "ann", f'"{label.version}"')
            self.statuses[label.id] = row.status

    def veto(self) -> None:
        label = self._label()
        with write_session(self.service.engine) as session:
            veto_in_label(session, label.id, self._classes(), "ann", f'"{label.version}"')

    def veto_everywhere(self) -> None:
        with write_session(self.service.engine) as session:
            veto_in_round(session, self.round_id, self._classes(), "ann", None)

    def _version(self, label: Label) -> tuple[int, bool]:
        with read_session(self.service.engine) as session:
            last = newest(session, label.id)
        return (last.version, last.file is not None) if last else (0, False)

    def draw(self) -> None:
        label = self._label()
        pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
        for value in (self.random.randrange(CLASSES), 254):
            top, left = self.random.randrange(HEIGHT), self.random.randrange(WIDTH)
            pixels[top : top + 20, left : left + 40] = value
        version, _ = self._version(label)
        engine = self.service.engine
        draw(engine, self.store, label.id, encode_correction(pixels), "bob", f'"{version}"')

    def erase(self) -> None:
        label = self._label()
        version, drawn = self._version(label)
        if drawn:
            with write_session(self.service.engine) as session:
                erase(session, label.id, "bob", f'"{version}"')

    def _changes(self) -> dict[str, Any]:
        low, high = sorted(self.random.uniform(0, 1) for _ in range(2))
        choices: dict[str, Any] = {
            "alpha": self.random.uniform(0.05, 1.0),
            "beta": self.random.uniform(0.0, 1.0),
            "gamma": self.random.uniform(0.0, 8.0),
            "initial_threshold": self.random.uniform(0.05, 0.95),
            "threshold_bounds": {str(self.random.randrange(CLASSES)): (low, high)},
        }
        chosen = self.random.sample(sorted(choices), 2)
        order = self.random.choice([{}, {"order": "data_set"}, {"order": "shuffled", "seed": 3}])
        return {name: choices[name] for name in chosen} | order

    def _ask(self) -> None:
        body = RevisionCreate.model_validate({"changes": self._changes()})
        with write_session(self.service.engine) as session:
            revisions.ask(session, self.store, self.round_id, body, "cat")

    def _work(self, *, canceled: bool = False) -> None:
        """What a worker does with the job that waits; `canceled`: somebody cancels it in its middle."""
        engine = self.service.engine
        before = {label.id: label for label in labels_of(self.service, self.round_id)}
        with write_session(engine) as session:
            claimed = queue.claim_next(session, "here", queue.ANY, LEASE)
            assert claimed is not None
        job_id, attempt = claimed
        with read_session(engine) as session:
            inputs = load_inputs(session, job_id)
        reporter = Reporter(engine, job_id, attempt)
        if canceled:
            with write_session(engine) as session:
                jobs.cancel(session, job_id, "dan")
            # It hears of that a few times a second: here at its first word.
            reporter._last_try = -1.0
            with pytest.raises(Canceled):
                run_step(inputs, reporter, self.store)
            reporter.write(lambda session: reports.cancel(session, job_id, attempt))
            return
        run_step(inputs, reporter, self.store)
        for label in labels_of(self.service, self.round_id):
            changed = label.report.sha256["reason"] != before[label.id].report.sha256["reason"]
            assert label.version == before[label.id].version + changed
            if changed and self.statuses[label.id] == "accepted":
                self.statuses[label.id] = "unreviewed"

    def revise(self) -> None:
        self._ask()
        self._work()

    def go_back(self) -> None:
        with read_session(self.service.engine) as session:
            present = session.get_one(Round, self.round_id).revision
            known = revision_rows.list_revisions(session, self.round_id)
        others = [row.number for row in known if row.number != present]
        if others:
            with write_session(self.service.engine) as session:
                revisions.apply(session, self.round_id, self.random.choice(others), "cat")
            self._work()

    def give_up(self) -> None:
        before = [label.report for label in labels_of(self.service, self.round_id)]
        self._ask()
        self._work(canceled=True)
        assert [label.report for label in labels_of(self.service, self.round_id)] == before


def _check(people: Reviewers) -> None:
    """The labels are those of the round's settings; what is trained on is what the decisions count."""
    service, store, round_id = people.service, people.store, people.round_id
    healthy(service, store)
    with read_session(service.engine) as session:
        round_ = session.get_one(Round, round_id)
        assert round_.state == "reviewing"
        labels = session.scalars(select(Label).order_by(Label.position)).all()
        assert {label.id: label.status for label in labels} == people.statuses
        changes = {}
        if round_.revision:
            row = revision_rows.get_revision(session, round_id, round_.revision)
            changes = row.changes.model_dump(exclude_defaults=True)
        told = what_ifs.what_if(what_ifs.labelled_round(session, round_id), store, WhatIf(**changes))
        assert told.label_ids == [label.id for label in labels]
        assert told.thresholds == [label.report.thresholds for label in labels]
        decisions = {row.name: row for row in decisions_of(session, [round_])[round_id]}
        key = corrections_key(round_.run_id, round_.number)
        for label in labels:
            files = layers.locate(session, store, label.id)
            kept, reason = files.read_kept(), read_reason(files.reasons(), label.name)
            decision = decisions.get(label.name)
            counts = label.report.kept_pixels
            if decision is not None:
                counts, drawn = decision.kept_pixels, None
                if decision.correction is not None:
                    folder = store.fetch(key, [decision.correction])
                    drawn = read_correction(folder / decision.correction, kept.shape, CLASSES)
                kept, _ = apply_decisions(
                    kept, reason, vetoed_classes=decision.vetoed_classes, correction=drawn
                )
            assert np.bincount(kept[kept < 255], minlength=CLASSES).tolist() == counts


@pytest.mark.parametrize("seed", [1, 2])
def test_any_sequence_leaves_a_consistent_state(service: Service, seed: int) -> None:
    worker = service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    _, round_id = in_review(service)
    worker.terminate()
    worker.wait()
    people = Reviewers(service, local_store(service.home), round_id, seed)
    done = set()
    for _ in range(STEPS):
        done.add(people.act())
        _check(people)
    assert len(done) >= 6
