import pickle

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE
from hiast.data.label_files import label_path
from hiast.models import load_model
from hiast.rounds import batches, run_round
from hiast.rounds.run_round import label_round, train_round


def ignore(_progress):
    pass


@pytest.fixture
def labelled(halves, brightness, tmp_path):
    size = [16, 24]
    spec = RunSpec.model_validate(
        {
            "name": "test",
            "target": halves.spec,
            "model": {"weights": "given"},
            "training": {"iterations": 2, "batch_size": 2, "crop": size, "crop_heights": size},
        }
    )
    reports = []
    arguments = {"written": [], "on_label": reports.append, "on_progress": ignore}
    label_set = label_round(spec, 1, brightness(), halves, tmp_path / "labels", **arguments)
    return spec, reports, label_set


def train(labelled, student, images, tmp_path, used=None):
    spec, reports, label_set = labelled
    chosen = reports if used is None else used
    directories = tmp_path / "labels", tmp_path / "out"
    return train_round(
        spec, 1, student, images, None, directories[0], chosen, label_set, directories[1], ignore
    )


def test_files_of_a_label_are_handed_over_before_it_is_told(labelled, halves, brightness, tmp_path):
    spec, told = labelled[0], []

    def on_files(name):
        kinds = ("prediction", "confidence", "reason")
        assert all(label_path(tmp_path / "again", name, kind).exists() for kind in kinds)
        told.append(("files", name))

    def on_label(report):
        told.append(("label", report.name))

    label_round(
        spec, 1, brightness(), halves, tmp_path / "again", written=[], on_files=on_files,
        on_label=on_label, on_progress=ignore,
    )  # fmt: skip
    names = [name for what, name in told if what == "label"]
    assert sorted(names) == ["0", "1", "2", "3"]
    assert all(told.index(("files", name)) < told.index(("label", name)) for name in names)


def test_a_label_whose_files_cannot_be_handed_over_is_not_told(labelled, halves, brightness, tmp_path):
    told = []

    def refuse(_name):
        raise UserError("the store does not answer.")

    with pytest.raises(UserError, match="does not answer"):
        label_round(
            labelled[0], 1, brightness(), halves, tmp_path / "again", written=[], on_files=refuse,
            on_label=lambda report: told.append(report.name), on_progress=ignore,
        )  # fmt: skip
    assert told == []


def test_a_round_writes_student_and_teacher(labelled, small_model, halves, tmp_path):
    report = train(labelled, small_model(), halves, tmp_path)
    assert (report.iterations, report.images) == (2, 4)
    student, metadata = load_model(tmp_path / "out" / STUDENT_FILE)
    teacher, _ = load_model(tmp_path / "out" / TEACHER_FILE)
    assert metadata["class_space"] == "halves"
    assert not torch.equal(student.aspp.conv2d_list[0].weight, teacher.aspp.conv2d_list[0].weight)


def test_a_loading_process_trains_the_same_student(labelled, small_model, halves, tmp_path, monkeypatch):
    train(labelled, small_model(), halves, tmp_path)
    here = (tmp_path / "out" / STUDENT_FILE).read_bytes()
    monkeypatch.setattr(batches, "loading_processes", lambda _device: 1)
    train(labelled, small_model(), halves, tmp_path)
    assert (tmp_path / "out" / STUDENT_FILE).read_bytes() == here


def test_rejected_images_are_in_no_batch(labelled, small_model, halves, tmp_path, monkeypatch):
    plans = []

    def remember(student, plan, *_arguments, **_options):
        plans.append(pickle.loads(pickle.dumps(plan)))
        return student, {}

    monkeypatch.setattr(run_round, "train_student", remember)
    used = [report for report in labelled[1] if report.name in ("0", "3")]
    train(labelled, small_model(), halves, tmp_path, used)
    samples = [sample for iteration in range(8) for sample in plans[0][iteration]]
    assert {sample.name for sample in samples} == {"0", "3"}
    assert {donor.image for sample in samples for donor in sample.donors} <= {"0", "3"}
    kept = plans[0].read_label(halves.entry("0"))
    assert np.count_nonzero(kept != 255) == sum(next(r for r in used if r.name == "0").kept_pixels)


def test_a_round_without_labels_is_refused(labelled, small_model, halves, tmp_path):
    with pytest.raises(UserError, match="round 1 has no label to train on. Accept at least one"):
        train(labelled, small_model(), halves, tmp_path, used=[])
