import copy

import numpy as np
import pytest
import torch

from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.run_spec import LossSpec, PasteSpec, TrainingSpec
from hiast.rounds.batches import BatchPlan
from hiast.rounds.train_student import paste_source, train_student

CPU = torch.device("cpu")


def plan_of(images):
    return BatchPlan(images, images.read_label, 2, crop=(24, 32), crop_heights=(24, 32), seed=(1, 1))


def train(student, images, on_progress=lambda _progress: None, source=None, losses=None, **training):
    options = {"iterations": 3, "schedule": "poly", "log_every": 1, **training}
    spec = TrainingSpec(**options)
    return train_student(
        student, plan_of(images), spec, losses or LossSpec(),
        learning_rate=1e-3, source=source, device=CPU, on_progress=on_progress,
    )  # fmt: skip


def test_the_loss_falls_on_what_is_easily_learnt(halves, small_model):
    told = []
    train(small_model(), halves, told.append, iterations=15, freeze_batch_norm=False)
    losses = [progress.metrics["seg"] for progress in told]
    assert len(losses) == 15
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:2])


def test_the_teacher_is_the_average_of_the_students(halves, small_model):
    student = small_model()
    students = [copy.deepcopy(student.state_dict())]

    def remember(_progress):
        students.append(copy.deepcopy(student.state_dict()))

    teacher, _ = train(student, halves, remember, ema_decay=0.75)
    expected = students[0]
    for state in students[1:]:
        expected = {name: 0.75 * expected[name] + 0.25 * state[name] for name in expected}
    for name, parameter in teacher.named_parameters():
        torch.testing.assert_close(parameter, expected[name])
    assert not teacher.training


def test_frozen_batch_norm_stays_and_the_rest_learns(halves, small_model):
    student = small_model()
    before = copy.deepcopy(student.state_dict())
    train(student, halves)
    norms = [name for name, module in student.named_modules() if "BatchNorm" in type(module).__name__]
    assert norms
    for name, value in student.state_dict().items():
        frozen = name.rpartition(".")[0] in norms
        assert torch.equal(value, before[name]) == frozen, name


def test_two_runs_of_one_seed_give_equal_weights(halves, small_model):
    students = [small_model(), small_model()]
    teachers = [
        train(student, halves, source=plan_of(halves), source_weight=0.5)[0] for student in students
    ]
    for one, other in (students, teachers):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_source_images_change_the_student(halves, small_model):
    with_source, without = small_model(), small_model()
    train(with_source, halves, source=plan_of(halves), source_weight=1.0)
    train(without, halves, source=plan_of(halves), source_weight=0.0)
    assert not torch.equal(with_source.aspp.conv2d_list[0].weight, without.aspp.conv2d_list[0].weight)


def test_a_loss_that_is_no_number_names_iteration_and_images(halves, small_model):
    student = small_model()

    def spoil(progress):
        if progress.done == 1:
            with torch.no_grad():
                student.aspp.conv2d_list[0].bias.fill_(float("nan"))

    with pytest.raises(UserError, match=r"loss is nan at iteration 1 \(images: \d, \d\).*learning rate"):
        train(student, halves, spoil)


def test_canceling_stops_within_one_batch(halves, small_model):
    seen = []

    def cancel(progress):
        seen.append(progress.done)
        if progress.done == 2:
            raise Canceled

    with pytest.raises(Canceled):
        train(small_model(), halves, cancel, iterations=50)
    assert seen == [1, 2]


def test_a_term_of_weight_zero_is_reported_as_zero(halves, small_model):
    _, last = train(small_model(), halves, losses=LossSpec(consistency=0.0), iterations=1)
    assert last["consistency"] == 0.0
    assert last["kept_share"] == 1.0


def report_of(name, kept):
    return LabelReport(
        name=name, order=0, height=2, width=4, thresholds=[0.8, 0.9], predicted_pixels=[5, 3],
        kept_pixels=kept, class_values=[0.9, 0.5], region_weights=[],
    )  # fmt: skip


LABEL_SET = LabelSetReport(
    images=2, thresholds=[0.8, 0.9], class_values=[0.9, 0.5], hard_classes=[1, 0], kept_share=0.5,
    sampling_probabilities=[0.1, 0.9], class_kept_pixels=[8, 2], class_predicted_pixels=[10, 6],
)  # fmt: skip


def test_a_rejected_label_gives_no_donor():
    source = paste_source([report_of("used", [4, 0])], LABEL_SET, PasteSpec())
    assert source.candidates[0] == [["used", 4]]
    assert not source.candidates[1]
    assert source.probabilities == [1.0, 0.0]


@pytest.mark.parametrize(
    ("label_set", "paste"),
    [
        (LABEL_SET, PasteSpec(enabled=False)),
        (LABEL_SET.model_copy(update={"hard_classes": []}), PasteSpec()),
    ],
)
def test_nothing_is_pasted_when_nothing_is_hard(label_set, paste):
    assert paste_source([report_of("used", [4, 2])], label_set, paste) is None
