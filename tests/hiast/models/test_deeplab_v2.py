import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.models import backbone_and_head_parameters, build_model, freeze_batch_norm

PARITY = Path(__file__).parents[2] / "parity"
NAMES = ["deeplab_v2_resnet18", "deeplab_v2_resnet50", "deeplab_v2_resnet101"]


@pytest.fixture(scope="module")
def official_network():
    return build_model("deeplab_v2_resnet101", 19).eval()


def test_parameter_names_and_shapes_are_those_of_official_checkpoints(official_network):
    expected = json.loads((PARITY / "deeplab_v2_resnet101_state_dict_C19.json").read_text())
    state = official_network.state_dict()
    assert {f"seg_model.{name}": list(tensor.shape) for name, tensor in state.items()} == expected


def test_logits_equal_those_of_the_official_network(official_network, fill_by_recipe):
    fill_by_recipe(official_network)
    with np.load(PARITY / "deeplab_v2_resnet101_forward_C19.npz") as recorded:
        images = torch.from_numpy(recorded["x_65x97"])
        with torch.inference_mode():
            low = official_network.low_resolution_logits(images)
            full = official_network(images)
        np.testing.assert_allclose(low.numpy(), recorded["logits_low_65x97"], atol=1e-4)
        np.testing.assert_allclose(full.numpy(), recorded["logits_65x97"], atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_logits_have_the_size_of_the_images_even_odd_ones(name):
    model = build_model(name, 5, base_width=8).eval()
    with torch.inference_mode():
        for height, width in [(32, 48), (33, 47), (1, 9)]:
            assert model(torch.randn(2, 3, height, width)).shape == (2, 5, height, width)


@pytest.mark.parametrize("name", NAMES)
def test_every_trainable_parameter_gets_a_gradient_and_is_in_one_group(name):
    model = build_model(name, 3, base_width=8)
    model(torch.randn(2, 3, 25, 41)).square().mean().backward()
    trainable = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in trainable)
    backbone, head = backbone_and_head_parameters(model)
    assert {id(p) for p in backbone + head} == {id(p) for p in trainable}
    assert len(backbone) + len(head) == len(trainable)
    assert {id(p) for p in head} == {id(p) for p in model.aspp.parameters()}


@pytest.mark.parametrize("name", NAMES)
def test_features_have_output_stride_eight(name):
    model = build_model(name, 3, base_width=8).eval()
    with torch.inference_mode():
        assert model.low_resolution_logits(torch.randn(1, 3, 64, 96)).shape == (1, 3, 8, 12)


def test_half_the_base_width_is_about_a_quarter_of_the_weights():
    sizes = [
        sum(p.numel() for p in build_model("deeplab_v2_resnet18", 12, base_width=width).parameters())
        for width in (32, 64)
    ]
    assert sizes[0] / sizes[1] == pytest.approx(0.25, abs=0.01)


def test_frozen_batch_norm_keeps_its_statistics_and_weights_through_training():
    model = build_model("deeplab_v2_resnet18", 3, base_width=8)
    freeze_batch_norm(model)
    model.train()
    before = {name: t.clone() for name, t in model.state_dict().items() if "bn" in name}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn(2, 3, 24, 24)).square().mean().backward()
    optimizer.step()
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert model.training and model.backbone.layer1.training
    backbone, _ = backbone_and_head_parameters(model)
    assert {p.dim() for p in backbone} == {4}


def test_batch_norm_trains_when_it_is_not_frozen():
    model = build_model("deeplab_v2_resnet18", 3, base_width=8).train()
    before = model.backbone.bn1.running_mean.clone()
    model(torch.randn(2, 3, 24, 24))
    assert not torch.equal(model.backbone.bn1.running_mean, before)
