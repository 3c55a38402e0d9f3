"""What people drew and vetoed is what the student reads, wherever the files lie and whoever trains."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from backend.artifacts import ArtifactStore, label_version, labels_key, open_store, round_key
from backend.corrections.service import draw
from backend.database import read_session, write_session
from backend.jobs import queue
from backend.jobs.loading import load_inputs
from backend.labels.tables import Label
from backend.reviews.vetoes import veto_in_label, veto_in_round
from backend.rounds.tables import Round
from hiast.contracts.step_files import STUDENT_FILE
from hiast.data.corrections import encode_correction
from hiast.data.label_files import KEPT_LABEL_KINDS, file_name, read_kept_label
from hiast.rounds import run_round
from tests.worker.service import Service
from worker.reporter import Reporter
from worker.steps import run_step

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
IMAGES, HEIGHT, WIDTH = 4, 64, 128
LEASE = timedelta(seconds=600)
ROAD, SKY = 0, 1


def _labelled(service: Service) -> tuple[int, Sequence[Label]]:
    """A run that waits for review, and its labels; its worker has gone."""
    worker = service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    run_id = service.start_run(review=True, training__iterations=2)
    service.wait_for_run(run_id, "waiting_for_review")
    worker.terminate()
    worker.wait()
    with read_session(service.engine) as session:
        labels = session.scalars(select(Label).order_by(Label.position)).all()
    return run_id, labels


def _made(service: Service, store: ArtifactStore, label: Label) -> NDArray[np.uint8]:
    """The label as it was made."""
    with read_session(service.engine) as session:
        round_ = session.get_one(Round, label.round_id)
    names = [file_name(label.name, kind) for kind in KEPT_LABEL_KINDS]
    version = label_version(round_.created_at, label.attempt)
    folder = store.fetch(labels_key(round_.run_id, round_.number), names, version=version)
    return read_kept_label(folder, label.name)


def _drawing() -> NDArray[np.uint8]:
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    pixels[:8], pixels[8:16], pixels[16:20, :30] = ROAD, 254, SKY
    return pixels


def _decide(service: Service, store: ArtifactStore, labels: Sequence[Label]) -> int:
    """Draw over the first label, veto a class of the second, and one of all; the class of the second."""
    nothing = np.full((HEIGHT, WIDTH), 3, np.uint8)
    for version, pixels in enumerate((nothing, _drawing())):
        draw(service.engine, store, labels[0].id, encode_correction(pixels), "ann", f'"{version}"')
    vetoed = int(np.argmax(labels[1].report.kept_pixels))
    with write_session(service.engine) as session:
        veto_in_label(session, labels[1].id, [vetoed], "ann", '"1"')
        veto_in_round(session, 1, [ROAD], "ann", None)
    return vetoed


def _train_here(service: Service, run_id: int, store: ArtifactStore, monkeypatch: Any) -> Any:
    """Do the training job in this process up to the training itself; the batch plan it would train on."""
    plans: list[Any] = []

    def _remember(student: Any, plan: Any, *_: Any, **__: Any) -> Any:
        plans.append(pickle.loads(pickle.dumps(plan)))
        return student, {}

    monkeypatch.setattr(run_round, "train_student", _remember)
    job_id = next(job.id for job in service.jobs(run_id) if job.kind == "train_round")
    with write_session(service.engine) as session:
        claimed = queue.claim_next(session, "here", queue.ANY, LEASE)
    assert claimed is not None
    assert claimed[0] == job_id
    with read_session(service.engine) as session:
        job = load_inputs(session, job_id)
    run_step(job, Reporter(service.engine, job_id, claimed[1]), store)
    return plans[0]


def test_the_training_set_holds_what_people_decided(
    service: Service, stores: tuple[ArtifactStore, ArtifactStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, training = stores
    run_id, labels = _labelled(service)
    vetoed = _decide(service, api, labels)
    service.advance(run_id)
    plan = _train_here(service, run_id, training, monkeypatch)
    first, second, *others = labels
    expected = _made(service, api, first)
    expected = np.where(expected == ROAD, 255, expected)
    expected[:8], expected[8:16], expected[16:20, :30] = ROAD, 255, SKY
    np.testing.assert_array_equal(plan.read_label(plan.images.entry(first.name)), expected)
    made = _made(service, api, second)
    gone = np.isin(made, [ROAD, vetoed])
    assert gone.any()
    np.testing.assert_array_equal(
        plan.read_label(plan.images.entry(second.name)), np.where(gone, 255, made)
    )
    for label in others:
        made = _made(service, api, label)
        read = plan.read_label(plan.images.entry(label.name))
        np.testing.assert_array_equal(read, np.where(made == ROAD, 255, made))
    # Who may give pixels away follows from what is trained on.
    for class_id, donors in plan.paste.candidates.items():
        for name, pixels in donors:
            read = plan.read_label(plan.images.entry(name))
            assert pixels == (read == class_id).sum()
    with read_session(service.engine) as session:
        assert session.get_one(Round, 1).state == "finished"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_student_comes_of_it(service: Service, tmp_path: Path) -> None:
    """The whole way, through a worker: a run with decisions, beside the same one without."""
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    store = open_store(f"file://{tmp_path / 'artifacts'}", cache=tmp_path, cache_gib=1, s3_endpoint=None)
    students = []
    for decided in (False, False, True):
        run_id = service.start_run(review=True, training__iterations=2)
        service.wait_for_run(run_id, "waiting_for_review")
        with read_session(service.engine) as session:
            round_ = session.scalars(select(Round).where(Round.run_id == run_id)).one()
            labels = session.scalars(select(Label).where(Label.round_id == round_.id)).all()
        for label in labels if decided else ():
            draw(service.engine, store, label.id, encode_correction(_drawing()), "ann", '"0"')
        service.advance(run_id)
        service.wait_for_run(run_id)
        students.append((tmp_path / "artifacts" / round_key(run_id, 1) / STUDENT_FILE).read_bytes())
    assert students[0] == students[1]
    assert students[1] != students[2]
