"""What every network of MODEL_NAMES must do, so that the rest of hiast need not ask which one it has."""

import copy
import subprocess
import sys

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from hiast.models import (
    MODEL_NAMES,
    SegmentationModel,
    backbone_and_head_parameters,
    build_model,
    freeze_batch_norm,
    load_model,
    make_teacher,
    place,
    save_checkpoint,
    update_teacher,
)

# Nothing tells these from segformer_b2 but the number of layers; they are built without memory.
LARGE = ("segformer_b3", "segformer_b4", "segformer_b5")
SMALL = [name for name in MODEL_NAMES if name not in LARGE]
CLASSES = 5


def built(name, seed=0):
    torch.manual_seed(seed)
    return build_model(name, CLASSES, **({"base_width": 8} if name.startswith("deeplab") else {}))


@pytest.fixture(params=SMALL)
def model(request):
    return built(request.param)


@pytest.fixture
def images():
    return torch.randn(2, 3, 33, 47, generator=torch.Generator().manual_seed(1))


def loss_and_gradients(model, images):
    """One training pass from a fixed seed, for dropout."""
    model.zero_grad(set_to_none=True)
    torch.manual_seed(7)
    loss = model(images).square().mean()
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return loss.detach(), gradients


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_logits_have_the_size_of_the_images(model, images):
    model.eval()
    with torch.inference_mode():
        for batch in (images, images[:1, :, :32, :40]):
            logits = model(batch)
            assert logits.shape == (len(batch), CLASSES, *batch.shape[-2:])
            assert logits.dtype == torch.float32
            assert torch.isfinite(logits).all()


def test_features_and_classifier_make_the_logits(model, images):
    model.eval()
    with torch.inference_mode():
        features = model.features(images)
        assert features.dim() == 4 and features.shape[2] < images.shape[2]
        assert torch.equal(model.classify(features, images.shape[-2:]), model(images))


def test_every_trainable_parameter_is_in_one_group_and_gets_a_gradient(model, images):
    backbone, head = backbone_and_head_parameters(model)
    trainable = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    assert sorted(map(id, backbone + head)) == sorted(trainable)
    _, gradients = loss_and_gradients(model.train(), images)
    assert sorted(gradients) == sorted(trainable.values())


def test_a_saved_network_comes_back_the_same(tmp_path, model, images):
    place(model, torch.device("cpu"))
    model.train()(images)
    save_checkpoint(tmp_path / "a", model, metadata={"class_space": "streets"})
    again, metadata = load_model(tmp_path / "a")
    assert isinstance(again, SegmentationModel) and not again.training
    assert (again.name, again.num_classes, again.options) == (model.name, CLASSES, model.options)
    assert metadata["class_space"] == "streets"
    assert equal(again.state_dict(), model.state_dict())


def test_a_copy_in_eval_mode_gives_equal_logits_and_shares_nothing(model, images):
    model.train()(images)
    with torch.inference_mode():
        before = model.eval()(images)
        twin = copy.deepcopy(model)
        assert torch.equal(twin(images), before)
        for parameter in twin.parameters():
            parameter.zero_()
        assert torch.equal(model(images), before)


def test_frozen_batch_norm_stays_as_it_is(model, images):
    freeze_batch_norm(model)
    model.train()
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    before = {name: tensor.clone() for name, tensor in model.named_buffers()}
    _, gradients = loss_and_gradients(model, images)
    assert norms and model.training
    assert equal(dict(model.named_buffers()), before)
    assert not {id(p) for norm in norms for p in norm.parameters()} & {
        id(p) for name, p in model.named_parameters() if name in gradients
    }


@pytest.mark.parametrize("frozen", [True, False])
def test_gradient_checkpointing_changes_no_number(model, images, frozen):
    if frozen:
        freeze_batch_norm(model)
    twin = copy.deepcopy(model).train()
    twin.use_gradient_checkpointing(True)
    loss, gradients = loss_and_gradients(model.train(), images)
    same_loss, same_gradients = loss_and_gradients(twin, images)
    assert torch.equal(same_loss, loss)
    assert equal(same_gradients, gradients)
    assert equal(dict(twin.named_buffers()), dict(model.named_buffers()))


def test_gradient_checkpointing_keeps_fewer_activations_until_it_is_switched_off(model, images):
    def kept_bytes():
        sizes = []

        def keep(tensor):
            sizes.append(tensor.numel() * tensor.element_size())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            model(images)
        return sum(sizes)

    model.train()
    everything = kept_bytes()
    model.use_gradient_checkpointing(True)
    assert kept_bytes() < 0.5 * everything
    model.use_gradient_checkpointing(False)
    assert kept_bytes() == everything


def test_channels_last_gives_the_same_logits(model, images):
    model.eval()
    with torch.inference_mode():
        expected = model(images)
        placed = place(model, torch.device("cpu"))
        got = placed(images.contiguous(memory_format=torch.channels_last))
    # Another order of summation; an untrained network may have logits in the hundreds.
    assert (got - expected).abs().max() < 1e-4 * expected.abs().max()


def test_bfloat16_arithmetic_trains_float32_weights(model, images):
    with torch.autocast("cpu", torch.bfloat16):
        logits = model.train()(images)
    assert logits.shape == (2, CLASSES, 33, 47)
    logits.float().square().mean().backward()
    assert all(p.grad.dtype == torch.float32 for p in model.parameters() if p.grad is not None)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_the_mean_teacher_follows(model, images):
    teacher = make_teacher(model)
    model.train()(images)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    update_teacher(teacher, model, 0.75)
    buffers = dict(model.named_buffers())
    assert equal(dict(teacher.named_buffers()), buffers)
    assert {buffer.dtype for buffer in buffers.values()} == {torch.float32, torch.int64}
    theirs = dict(model.named_parameters())
    for name, own in teacher.named_parameters():
        torch.testing.assert_close(own, theirs[name] - 0.75, atol=1e-5, rtol=1e-5)
    assert not any(p.requires_grad for p in teacher.parameters())
    assert not any(module.training for module in teacher.modules())


@pytest.mark.parametrize("name", LARGE)
def test_large_networks_can_be_built(name):
    with torch.device("meta"):
        model = build_model(name, CLASSES)
    assert (model.name, model.options) == (name, {})
    assert model.features(torch.empty(1, 3, 64, 96, device="meta")).shape == (1, 768, 16, 24)
    assert model(torch.empty(1, 3, 33, 47, device="meta")).shape == (1, CLASSES, 33, 47)


def test_the_seed_decides_the_first_weights():
    for name in ("deeplab_v2_resnet18", "segformer_b0"):
        first = built(name, 1).state_dict()
        assert equal(built(name, 1).state_dict(), first)
        assert not equal(built(name, 2).state_dict(), first)


def test_transformers_is_imported_by_none_but_a_segformer():
    code = (
        "import sys, hiast.models as m\n"
        "m.build_model('deeplab_v2_resnet18', 3, base_width=8)\n"
        "assert 'transformers' not in sys.modules\n"
        "m.build_model('segformer_b0', 3)\n"
        "assert 'transformers' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
