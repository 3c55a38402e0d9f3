import copy

import numpy as np
import pytest
import torch

from hiast.contracts.errors import Canceled, Superseded, UserError
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.rounds.batches import BatchPlan
from hiast.rounds.train_student import train_student
from hiast.rounds.training_state import StateFile

CPU = torch.device("cpu")
LABEL_SET = LabelSetReport(
    images=2, thresholds=[0.8, 0.9], class_values=[0.9, 0.5], hard_classes=[1, 0], kept_share=0.5,
    sampling_probabilities=[0.1, 0.9], class_kept_pixels=[8, 2], class_predicted_pixels=[10, 6],
)  # fmt: skip


def plan_of(images, batch_size=2):
    return BatchPlan(
        images, images.read_label, batch_size, crop=(24, 32), crop_heights=(24, 32), seed=(1, 1)
    )


def unlabelled(plan):
    """The same images with half of every label ignored, so that each loss term has pixels."""

    def read(entry):
        label = np.array(plan.images.read_label(entry))
        label[:, : label.shape[1] // 2] = 255
        return label

    return BatchPlan(plan.images, read, plan.batch_size, plan.crop, plan.crop_heights, plan.seed)


def spec_of(images, training=None, **sections):
    options = {
        "iterations": 3,
        "schedule": "poly",
        "log_every": 1,
        "batch_size": 2,
        "learning_rates": [1e-3],
    }
    return RunSpec.model_validate(
        {
            "name": "test", "source": images.spec, "target": images.spec, "model": {"weights": "given"},
            "training": {**options, **(training or {})}, **sections,
        }
    )  # fmt: skip


def train(student, images, on_progress=lambda _progress: None, source=None, state_file=None, plan=None,
          sections=None, **training):  # fmt: skip
    return train_student(
        student, plan or plan_of(images), source, spec_of(images, training, **(sections or {})), 1,
        label_set=LABEL_SET, state_file=state_file, device=CPU, on_progress=on_progress,
    )  # fmt: skip


def assert_same_weights(one, other):
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


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
    options = {"source_weight": 0.5, "source_colour_jitter": 0.3, "source_fourier_beta": 0.1}
    teachers = [train(student, halves, source=plan_of(halves), **options)[0] for student in students]
    assert_same_weights(*students)
    assert_same_weights(*teachers)


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
@pytest.mark.parametrize("gracefully", [True, False])
def test_an_interrupted_training_ends_bit_identical(halves, small_model, tmp_path, stop_at, gracefully):
    """Stopped by a callback, the state of that iteration is stored; killed, the last regular one serves."""
    options = {
        "iterations": 5, "freeze_batch_norm": False, "source_weight": 0.5, "source": plan_of(halves),
        "plan": unlabelled(plan_of(halves)),
        "sections": {
            "compute": {"checkpoint_every": 1000 if gracefully else 2},
            "paste": {"feature_mixing": 0.5}, "losses": {"spatial": 1.0},
        },
    }  # fmt: skip
    whole = small_model()
    whole_teacher, whole_metrics = train(whole, halves, **options)
    file, regular = StateFile(tmp_path / "state.pt", "one training"), []

    def interrupt(progress):
        if progress.done == stop_at:
            # A killed process writes nothing more: keep what was there before.
            regular.append(file.path.read_bytes() if file.path.exists() else None)
            raise Canceled

    with pytest.raises(Canceled):
        train(small_model(), halves, interrupt, state_file=file, **options)
    if not gracefully:
        file.path.unlink()
        if regular[0] is not None:
            file.path.write_bytes(regular[0])
    seen = []
    student = small_model()
    teacher, metrics = train(student, halves, lambda p: seen.append(p.done), state_file=file, **options)
    assert seen[0] == 1 + (stop_at if gracefully else (stop_at - 1) // 2 * 2)
    assert_same_weights(student, whole)
    assert_same_weights(teacher, whole_teacher)
    assert metrics == whole_metrics


def test_a_superseded_training_leaves_its_successor_s_state_alone(halves, small_model, tmp_path):
    file = StateFile(tmp_path / "state.pt", "one training")

    def lose_the_job(progress):
        if progress.done == 2:
            file.path.write_bytes(b"the successor's")
            raise Superseded

    with pytest.raises(Superseded):
        train(small_model(), halves, lose_the_job, state_file=file)
    assert file.path.read_bytes() == b"the successor's"


def test_a_state_of_another_training_is_not_taken_up(halves, small_model, tmp_path):
    path = tmp_path / "state.pt"

    def cancel(progress):
        if progress.done == 2:
            raise Canceled

    with pytest.raises(Canceled):
        train(small_model(), halves, cancel, state_file=StateFile(path, "one"))
    seen = []
    train(small_model(), halves, lambda p: seen.append(p.done), state_file=StateFile(path, "another"))
    assert seen == [1, 2, 3]


def test_source_images_change_the_student(halves, small_model):
    with_source, without = small_model(), small_model()
    train(with_source, halves, source=plan_of(halves), source_weight=1.0)
    train(without, halves)
    assert not torch.equal(with_source.aspp.conv2d_list[0].weight, without.aspp.conv2d_list[0].weight)


@pytest.mark.parametrize("accumulation", [2, 4])
def test_a_batch_in_parts_takes_the_step_of_the_whole(halves, small_model, accumulation):
    """Parts differ in how much of them is kept; normalised each by itself they would not add up."""
    curves = []
    for parts in (1, accumulation):
        told = []
        train(
            small_model(), halves, told.append, plan=unlabelled(plan_of(halves, batch_size=4)),
            source=plan_of(halves, batch_size=4), batch_size=4, source_weight=0.5,
            sections={"compute": {"accumulation": parts}},
        )  # fmt: skip
        curves.append([[p.metrics[n] for n in ("seg", "entropy", "consistency", "total")] for p in told])
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-4)


@pytest.mark.parametrize(
    "sections",
    [
        {"paste": {"feature_mixing": 1.0}},
        {"losses": {"spatial": 2.0}},
        {"compute": {"precision": "bfloat16"}},
    ],
)
def test_each_option_changes_the_training(halves, small_model, sections):
    plain, changed = small_model(), small_model()
    plan = unlabelled(plan_of(halves))
    train(plain, halves, plan=plan)
    _, metrics = train(changed, halves, plan=plan, sections=sections)
    assert np.isfinite(list(metrics.values())).all()
    assert not torch.equal(plain.aspp.conv2d_list[0].weight, changed.aspp.conv2d_list[0].weight)


def test_gradient_checkpointing_changes_nothing(halves, small_model):
    plain, checkpointed = small_model(), small_model()
    train(plain, halves)
    train(checkpointed, halves, sections={"compute": {"gradient_checkpointing": True}})
    assert_same_weights(plain, checkpointed)


def test_compiled_networks_train_the_same_student_up_to_rounding(halves, small_model, monkeypatch):
    compile_module = torch.nn.Module.compile
    # The default backend builds C++ for minutes; this one traces the same graphs and runs them with torch.
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compile_module(self, backend="aot_eager"))
    plain, compiled = small_model(), small_model()
    _, expected = train(plain, halves, iterations=2)
    _, metrics = train(compiled, halves, iterations=2, sections={"compute": {"compile": True}})
    assert metrics["total"] == pytest.approx(expected["total"], rel=1e-3)
    assert set(compiled.state_dict()) == set(plain.state_dict())


def test_float16_needs_a_gpu(halves, small_model):
    with pytest.raises(UserError, match="compute.precision is float16, but this machine has no GPU"):
        train(small_model(), halves, sections={"compute": {"precision": "float16"}})


def test_a_loss_that_is_no_number_names_iteration_and_images(halves, small_model, tmp_path):
    student = small_model()
    file = StateFile(tmp_path / "state.pt", "one")
    good = {}

    def spoil(progress):
        if progress.done == 1:
            good.update(copy.deepcopy(student.state_dict()))
            return
        with torch.no_grad():
            student.aspp.conv2d_list[0].bias.fill_(float("nan"))

    with pytest.raises(UserError, match=r"loss is nan at iteration 2 \(images: \d, \d\).*learning rate"):
        train(student, halves, spoil, state_file=file, sections={"compute": {"checkpoint_every": 1}})
    # The state of the last iteration before the fault is still there.
    stored = torch.load(file.path, weights_only=True)
    assert stored["iteration"] >= 1
    assert good


def test_too_little_memory_names_the_settings_that_need_less(halves, small_model, monkeypatch):
    def refuse(*_arguments):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    student = small_model()
    monkeypatch.setattr(student, "forward", refuse)
    words = (
        "out of memory with batch_size 2 and crop .*smaller batch_size or crop.*accumulation=2.*checkpoint"
    )
    with pytest.raises(UserError, match=words):
        train(student, halves, sections={"losses": {"consistency": 0.0}})


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
    _, last = train(small_model(), halves, sections={"losses": {"consistency": 0.0}}, iterations=1)
    assert last["consistency"] == 0.0
    assert last["kept_share"] == 1.0


def test_all_pixels_ignored_is_defined(halves, small_model):
    plan = BatchPlan(halves, None, 2, crop=(24, 32), crop_heights=(24, 32), seed=(1, 1))
    _, last = train(small_model(), halves, plan=plan)
    assert last["seg"] == last["kld"] == last["kept_share"] == 0.0
    assert last["entropy"] > 0.0
