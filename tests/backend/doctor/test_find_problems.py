"""Each thing the doctor knows, broken in a service that was well, is found and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture
from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.artifacts import corrections_key, labels_key, round_key, warm_up_key
from backend.artifacts.directory import DirectoryStore
from backend.corrections.tables import Correction
from backend.database import now, read_session, write_session
from backend.datasets.tables import Dataset, Image
from backend.doctor import Problem, find_problems
from backend.jobs import queue
from backend.jobs.tables import Job, JobEvent
from backend.labels.tables import Label
from backend.reviews.tables import Review
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.decisions import RoundDecisions
from hiast.contracts.step_files import STATE_FILE, TEACHER_FILE, WARM_UP_FILE
from tests.backend.doctor.clinic import Clinic, write_label

LABELS = labels_key(1, 1)


def _find(clinic: Clinic, *, quick: bool = False) -> list[Problem]:
    with read_session(clinic.engine) as session:
        return find_problems(session, DirectoryStore(clinic.artifacts), quick=quick)


def test_a_run_that_went_through_everything_has_no_problem(clinic: Clinic) -> None:
    assert _find(clinic) == []


def _set(row: Callable[[Session], object], **values: object) -> Callable[[Session], None]:
    def _change(session: Session) -> None:
        found = row(session)
        for name, value in values.items():
            setattr(found, name, value)

    return _change


def _of(table: type, key: int) -> Callable[[Session], object]:
    return lambda session: session.get_one(table, key)


def _report(**values: object) -> Callable[[Session], None]:
    def _change(session: Session) -> None:
        label = session.get_one(Label, 3)
        label.report = label.report.model_copy(update=values)

    return _change


def _late_line(session: Session) -> None:
    session.add(JobEvent(job_id=4, attempt=1, kind="log", data={"line": "late"}))


def _claimed_twice(session: Session) -> None:
    state = {"state": "running"}
    session.add(JobEvent(id=0, job_id=4, attempt=1, kind="state", data=state))


def _second_job(session: Session) -> None:
    for _ in range(2):
        queue.enqueue(session, "scan_dataset", "scan", dataset_id=1)


def _running_without_lease(session: Session) -> None:
    job = queue.enqueue(session, "scan_dataset", "scan", dataset_id=1)
    queue.claim(session, job.id, "worker", timedelta(seconds=60))
    session.refresh(job)
    job.lease_expires_at = None


def _counts_of_another(session: Session, key: int) -> None:
    session.get_one(Correction, key).counts = session.get_one(Correction, 3).counts


def _other_training(session: Session) -> None:
    round_ = session.get_one(Round, 1)
    assert round_.trained_decisions is not None
    labels = [
        decision.model_copy(update={"correction": None}) for decision in round_.trained_decisions.labels
    ]
    round_.trained_decisions = RoundDecisions(labels=labels)


FAULTY_ROWS = {
    "of 1 rounds finished": _set(_of(Round, 1), state="evaluating"),
    "finished without training": _set(_of(Round, 1), training=None),
    "running, and its queued or running jobs are: none": _set(
        _of(Run, 1), state="running", finished_at=None
    ),
    "waits for review, and its last round is finished": _set(
        _of(Run, 1), state="waiting_for_review", finished_at=None
    ),
    "no time of its end": _set(_of(Run, 1), finished_at=None),
    "the rounds [2]": _set(_of(Round, 1), number=2),
    "still has a lease": _set(_of(Job, 4), lease_expires_at=now()),
    "no worker holds a lease": _running_without_lease,
    "failed and does not say why": _set(_of(Job, 1), state="failed"),
    "its history ends with succeeded": _set(_of(Job, 1), state="canceled"),
    "written after it had succeeded": _late_line,
    "claimed as attempts [1, 1]": _claimed_twice,
    "claimed as attempts [1], not once each to 2": _set(_of(Job, 2), attempt=2),
    "attempt 1, the job itself attempt 0": _set(_of(Job, 2), attempt=0),
    "belongs to nothing": _set(_of(Job, 3), round_id=None),
    "they are the same scan_dataset work": _second_job,
    "but no scan is under way": _set(_of(Dataset, 1), state="scanning"),
    "it says 2 usable": _set(_of(Dataset, 1), image_count=2),
    "file 'images/gone.png' is gone": _set(_of(Image, 1), image_path="images/gone.png"),
    "the orders [0, 1]": lambda session: session.execute(delete(Label).where(Label.id == 3)),
    "an image has two labels": _set(_of(Label, 3), image_id=1),
    "of another name or data set": _set(_of(Image, 2), name="other"),
    "something else than its report": _set(_of(Label, 2), kept_share=0.1),
    "not those of its last label": _report(thresholds=[0.1]),
    "kept_pixels do not add up": _report(kept_pixels=[12] + [0] * 10),
    "its pixels are not those": _report(predicted_pixels=[24] + [0] * 10),
    "its 2 decisions make it accepted in version 3": _set(_of(Label, 1), version=2),
    "it vetoes the classes [3]": _set(_of(Label, 2), vetoed_classes=[3]),
    "have the versions [1, 2, 7]": _set(_of(Correction, 3), version=7),
    "a deletion and counts pixels": lambda session: _counts_of_another(session, 2),
    "its pixels are not those its row counts": lambda session: _counts_of_another(session, 1),
    "and the last one is b.3-": _other_training,
    "make it unreviewed in version 1": lambda session: session.execute(delete(Review)),
}


@pytest.mark.parametrize("sentence", FAULTY_ROWS)
def test_a_row_that_does_not_fit_is_an_error(clinic: Clinic, sentence: str) -> None:
    with write_session(clinic.engine) as session:
        FAULTY_ROWS[sentence](session)
    found = _find(clinic)
    assert any(sentence in problem.problem and problem.severity == "error" for problem in found), found
    assert all(problem.remedy and problem.thing for problem in found)


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


FAULTY_FILES: dict[str, Callable[[Path], object]] = {
    "files are missing": lambda root: (root / LABELS / "a.reason.png").unlink(),
    "the label file is damaged": lambda root: _cut(root / LABELS / "a.prediction.png"),
    "confidence file is damaged": lambda root: _cut(root / LABELS / "a.confidence.zst"),
    "other sizes than the image's": lambda root: [
        Picture.new("L", (5, 4)).save(root / LABELS / f"a.{kind}.png") for kind in ("reason", "prediction")
    ],
    "its pixels are not those": lambda root: Picture.new("L", (6, 4)).save(root / LABELS / "a.reason.png"),
    "is not in file://": lambda root: (root / round_key(1, 1) / TEACHER_FILE).unlink(),
    "damaged or cut short": lambda root: _cut(root / warm_up_key(1) / WARM_UP_FILE),
}


@pytest.mark.parametrize("sentence", FAULTY_FILES)
def test_a_file_that_does_not_fit_is_an_error(clinic: Clinic, sentence: str) -> None:
    FAULTY_FILES[sentence](clinic.artifacts)
    found = _find(clinic)
    assert [sentence in problem.problem for problem in found] == [True], found
    assert found[0].severity == "error"


def _drawn(clinic: Clinic) -> list[Path]:
    return sorted((clinic.artifacts / corrections_key(1, 1)).iterdir())


def test_every_version_of_a_correction_is_looked_at(clinic: Clinic) -> None:
    first, last = _drawn(clinic)
    whole = first.read_bytes()
    first.unlink()
    (found,) = _find(clinic, quick=True)
    assert (found.thing, found.severity) == ("correction 1 of label 3", "error")
    assert "is not in file://" in found.problem
    first.write_bytes(whole)
    _cut(last)
    assert _find(clinic, quick=True) == []
    (found,) = _find(clinic)
    assert (found.thing, "cut short" in found.problem) == ("correction 3 of label 3", True)
    Picture.new("L", (5, 4)).save(last)
    (found,) = _find(clinic)
    assert "5×4 pixels, the label 6×4" in found.problem
    Picture.new("L", (6, 4), 99).save(last)
    (found,) = _find(clinic)
    assert "has the value 99" in found.problem


def test_a_correction_nobody_knows_is_litter_once_nobody_can_draw(clinic: Clinic) -> None:
    other = _drawn(clinic)[0].with_name("b.9-0123.png")
    other.touch()
    (found,) = _find(clinic)
    assert (found.thing, found.severity) == (f"file file://{other}", "warning")
    with write_session(clinic.engine) as session:
        run, round_ = session.get_one(Run, 1), session.get_one(Round, 1)
        run.state, run.finished_at, round_.state, round_.finished_at = (
            "waiting_for_review", None, "reviewing", None,
        )  # fmt: skip
    assert _find(clinic) == []


def test_quick_reads_no_pixel_but_misses_no_file(clinic: Clinic) -> None:
    _cut(clinic.artifacts / LABELS / "a.prediction.png")
    assert _find(clinic, quick=True) == []
    (clinic.artifacts / LABELS / "a.prediction.png").unlink()
    assert "files are missing" in _find(clinic, quick=True)[0].problem


def test_what_nobody_needs_is_a_warning(clinic: Clinic) -> None:
    write_label(clinic, 7, "never told")
    litter = [
        clinic.artifacts / round_key(1, 1) / STATE_FILE,
        clinic.artifacts / round_key(9, 1) / TEACHER_FILE,
        clinic.artifacts / LABELS / ".a.reason.png.x.tmp",
    ]
    for path in litter:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = _find(clinic)
    assert {problem.severity for problem in found} == {"warning"}
    assert len(found) == 3 + len(litter)
    assert {f"file file://{path}" for path in litter} < {problem.thing for problem in found}


def test_files_of_a_round_that_is_being_labelled_are_no_litter(clinic: Clinic) -> None:
    write_label(clinic, 7, "not told yet")
    with write_session(clinic.engine) as session:
        run, round_ = session.get_one(Run, 1), session.get_one(Round, 1)
        run.state, run.finished_at = "running", None
        round_.state, round_.finished_at, round_.label_set, round_.training = "labelling", None, None, None
        queue.enqueue(session, "generate_labels", "label", run_id=1, round_id=1)
    assert _find(clinic) == []


def test_what_a_failed_step_left_is_no_litter_while_it_may_be_tried_again(clinic: Clinic) -> None:
    (clinic.artifacts / LABELS / ".a.reason.png.x.tmp").touch()
    with write_session(clinic.engine) as session:
        run, job = session.get_one(Run, 1), session.get_one(Job, 4)
        run.state = run.error = job.state = job.error = "failed"
    assert "warning" not in {problem.severity for problem in _find(clinic)}
    with write_session(clinic.engine) as session:
        session.get_one(Run, 1).state = "canceled"
    assert "warning" in {problem.severity for problem in _find(clinic)}


def test_the_command_says_what_is_wrong_and_fails(clinic: Clinic) -> None:
    def _doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "STUDIO_DATABASE_URL": str(clinic.engine.url),
            "STUDIO_ARTIFACTS_URL": f"file://{clinic.artifacts}",
        }
        command = [sys.executable, "-m", "backend.doctor", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    well = _doctor()
    assert (well.returncode, well.stdout) == (0, "all is well\n"), well.stderr
    (clinic.artifacts / LABELS / "a.reason.png").unlink()
    ill = _doctor("--json", "--quick")
    assert ill.returncode == 1
    assert [problem["thing"] for problem in json.loads(ill.stdout)] == ["label 2 (a) of run 1, round 1"]
    assert "error: label 2 (a)" in _doctor().stdout
