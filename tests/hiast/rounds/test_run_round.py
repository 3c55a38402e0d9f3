import pickle

import numpy as np
import pytest
import torch

from hiast.contracts.decisions import decide_label
from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import DecidedLabels, count_correction, encode_correction
from hiast.data.label_files import label_path, read_kept_label
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


def train(labelled, student, images, tmp_path, used=None, labels=None):
    spec, reports, label_set = labelled
    chosen = reports if used is None else used
    read = labels or DecidedLabels(tmp_path / "labels")
    return train_round(spec, 1, student, images, None, read, chosen, label_set, tmp_path / "out", ignore)


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


@pytest.fixture
def plans(monkeypatch):
    """Batch plans of trainings that are not done, as a loading process receives them."""
    plans = []

    def remember(student, plan, *_arguments, **_options):
        plans.append(pickle.loads(pickle.dumps(plan)))
        return student, {}

    monkeypatch.setattr(run_round, "train_student", remember)
    return plans


def test_rejected_images_are_in_no_batch(labelled, small_model, halves, tmp_path, plans):
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


def decided(reports, tmp_path, drawn, vetoed=()):
    """Labels of which the first is decided on: a correction, and classes that are vetoed."""
    first, classes = reports[0], 2
    write_atomically(tmp_path / "drawn" / "one.png", encode_correction(drawn))
    kept = read_kept_label(tmp_path / "labels", first.name)
    decision = decide_label(
        first.name, first.kept_pixels, vetoed_classes=vetoed, correction="one.png",
        counts=count_correction(drawn, kept, classes),
    )  # fmt: skip
    return DecidedLabels(tmp_path / "labels", [decision], tmp_path / "drawn")


def test_the_student_reads_what_people_drew_and_not_what_they_vetoed(
    labelled, small_model, halves, tmp_path, plans
):
    reports = labelled[1]
    drawn = np.full((32, 48), 255, np.uint8)
    drawn[:4], drawn[4:6] = 1, 254
    labels = decided(reports, tmp_path, drawn, vetoed=[0])
    train(labelled, small_model(), halves, tmp_path, labels=labels)
    read = plans[0].read_label(halves.entry(reports[0].name))
    kept = read_kept_label(tmp_path / "labels", reports[0].name)
    assert (read[:4] == 1).all()
    assert (read[4:6] == 255).all()
    np.testing.assert_array_equal(read[6:], np.where(kept[6:] == 0, 255, kept[6:]))
    assert (kept[6:] == 0).any()
    other = halves.entry(reports[1].name)
    np.testing.assert_array_equal(
        plans[0].read_label(other), read_kept_label(tmp_path / "labels", other.name)
    )


def test_donors_are_those_of_the_labels_that_are_trained_on(labelled, small_model, halves, tmp_path, plans):
    spec, reports, label_set = labelled
    everything_ignored = np.full((32, 48), 254, np.uint8)
    labels = decided(reports, tmp_path, everything_ignored)
    with_hard = label_set.model_copy(update={"hard_classes": [1]})
    train((spec, reports, with_hard), small_model(), halves, tmp_path)
    train((spec, reports, with_hard), small_model(), halves, tmp_path, labels=labels)
    before, after = ({name for name, _ in plan.paste.candidates[1]} for plan in plans)
    assert before - after == {reports[0].name}
    train((spec, reports[:1], with_hard), small_model(), halves, tmp_path, reports[:1], labels)
    assert sum(plans[2].paste.probabilities) == 0


def test_another_correction_is_another_training(labelled, small_model, halves, tmp_path, monkeypatch):
    fingerprints = []

    def remember(student, *_arguments, state_file, **_options):
        fingerprints.append(state_file.fingerprint)
        return student, {}

    monkeypatch.setattr(run_round, "train_student", remember)
    drawn = np.full((32, 48), 255, np.uint8)
    drawn[0, 0] = 1
    moved = drawn[::-1].copy()
    train(labelled, small_model(), halves, tmp_path)
    train(labelled, small_model(), halves, tmp_path, labels=DecidedLabels(tmp_path / "labels"))
    for pixels in (drawn, drawn, moved):
        train(labelled, small_model(), halves, tmp_path, labels=decided(labelled[1], tmp_path, pixels))
    assert fingerprints[0] == fingerprints[1]
    assert fingerprints[2] == fingerprints[3]
    assert len(set(fingerprints)) == 3


@pytest.mark.usefixtures("plans")
def test_the_report_tells_how_right_the_labels_are_after_the_decisions(
    labelled, small_model, halves, tmp_path
):
    _, reports, label_set = labelled
    assert label_set.quality is not None
    as_made = train(labelled, small_model(), halves, tmp_path)
    assert as_made.label_quality == label_set.quality
    first = halves.entry(reports[0].name)
    kept, truth = read_kept_label(tmp_path / "labels", first.name), halves.read_label(first)
    wrong = np.full((32, 48), 255, np.uint8)
    wrong[(kept < 255) & (truth < 255)] = 1 - truth[(kept < 255) & (truth < 255)]
    drawn_over = train(labelled, small_model(), halves, tmp_path, labels=decided(reports, tmp_path, wrong))
    assert drawn_over.label_quality.precision < label_set.quality.precision
    # Of one image alone, all of it drawn wrong, nothing is right.
    alone = train(labelled, small_model(), halves, tmp_path, reports[:1], decided(reports, tmp_path, wrong))
    assert alone.label_quality.images == 1
    assert alone.label_quality.precision == 0.0
