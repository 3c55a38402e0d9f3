import pytest
import torch
from torch import nn

from hiast.models import build_model, freeze_batch_norm, make_teacher, update_teacher


@pytest.fixture
def model():
    torch.manual_seed(3)
    return build_model("deeplab_v2_resnet18", 3, base_width=8)


@pytest.fixture
def student(model):
    return model


def test_a_new_teacher_equals_the_student_and_needs_no_gradient(student):
    teacher = make_teacher(student.train())
    images = torch.randn(1, 3, 24, 24)
    assert not teacher(images).requires_grad
    assert not any(module.training for module in teacher.modules())
    assert student.training and student.aspp.conv2d_list[0].weight.requires_grad
    assert torch.equal(teacher(images), student.eval()(images))


def test_a_wrapped_student_has_a_plain_teacher_that_follows_it(model, wrapped):
    teacher = make_teacher(wrapped)
    assert type(teacher) is type(model) and teacher is not model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    model.backbone.bn1.running_mean.add_(5.0)
    update_teacher(teacher, wrapped, 0.5)
    weight = model.aspp.conv2d_list[0].weight
    torch.testing.assert_close(teacher.aspp.conv2d_list[0].weight, weight - 0.5)
    assert torch.equal(teacher.backbone.bn1.running_mean, model.backbone.bn1.running_mean)


def test_teacher_weights_are_the_moving_average_of_the_students(student):
    teacher = make_teacher(student)
    name = "backbone.layer1.0.conv1.weight"
    expected = student.state_dict()[name].double()
    for step in range(3):
        with torch.no_grad():
            for parameter in student.parameters():
                parameter.add_(0.1 * (step + 1))
        update_teacher(teacher, student, 0.9)
        expected = 0.9 * expected + 0.1 * student.state_dict()[name].double()
    torch.testing.assert_close(teacher.state_dict()[name].double(), expected, atol=1e-6, rtol=1e-5)


def test_buffers_are_copied_not_averaged(student):
    teacher = make_teacher(student)
    student.train()(torch.randn(2, 3, 24, 24))
    update_teacher(teacher, student, 0.999)
    pairs = zip(teacher.buffers(), student.buffers(), strict=True)
    assert all(torch.equal(own, theirs) for own, theirs in pairs)
    assert teacher.backbone.bn1.num_batches_tracked == 1


@pytest.mark.parametrize(("decay", "follows"), [(0.0, True), (1.0, False)])
def test_the_extremes_of_the_decay(student, decay, follows):
    teacher = make_teacher(student)
    old = teacher.aspp.conv2d_list[0].weight.clone()
    nn.init.constant_(student.aspp.conv2d_list[0].weight, 7.0)
    update_teacher(teacher, student, decay)
    new = teacher.aspp.conv2d_list[0].weight
    assert torch.equal(new, student.aspp.conv2d_list[0].weight if follows else old)


def test_frozen_weights_do_not_drift(student):
    freeze_batch_norm(student)
    teacher = make_teacher(student)
    before = student.backbone.bn1.weight.clone()
    for _ in range(20):
        update_teacher(teacher, student, 0.999)
    assert torch.equal(teacher.backbone.bn1.weight, before)


def test_a_decay_outside_zero_to_one_is_refused(student):
    with pytest.raises(ValueError, match=r"decay is 1\.5"):
        update_teacher(make_teacher(student), student, 1.5)
