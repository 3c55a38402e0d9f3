import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from hiast.models import Discriminator

RECORDED = Path(__file__).parents[2] / "parity" / "adversarial.npz"


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def discriminator(fill_by_recipe):
    discriminator = Discriminator(19)
    fill_by_recipe(discriminator)
    return discriminator


def test_names_and_shapes_are_those_of_the_official_discriminator(recorded, discriminator):
    shapes = {name: list(tensor.shape) for name, tensor in discriminator.state_dict().items()}
    assert shapes == json.loads(str(recorded["discriminator_shapes"]))


def _softmax(logits):
    return logits.softmax(1)


def _self_information(logits):
    probabilities = logits.softmax(1)
    return -probabilities * torch.log2(probabilities + 1e-30) / math.log2(probabilities.shape[1])


@pytest.mark.parametrize(
    ("loss", "criterion"), [("MSE", mse_loss), ("BCEWithLogits", binary_cross_entropy_with_logits)]
)
@pytest.mark.parametrize(("kind", "maps"), [("adaptseg", _softmax), ("advent", _self_information)])
def test_judgements_equal_those_of_the_official_discriminator(
    recorded, discriminator, loss, criterion, kind, maps
):
    # In the official code 0 means source and 1 target; the recorded losses are means over all patches.
    with torch.inference_mode():
        source, target = (
            discriminator(maps(torch.from_numpy(recorded[f"{domain}_logits"])))
            for domain in ("source", "target")
        )
    assert source.shape == target.shape == (1, 1, 2, 3)
    zeros, ones = torch.zeros_like(target), torch.ones_like(target)
    adversarial = float(criterion(target, zeros))
    own = 0.5 * float(criterion(source, zeros) + criterion(target, ones))
    assert adversarial == pytest.approx(float(recorded[f"adv_{loss}_{kind}"]), rel=1e-5)
    assert own == pytest.approx(float(recorded[f"disc_{loss}_{kind}"]), rel=1e-5)


def test_every_parameter_and_the_input_get_a_gradient():
    discriminator = Discriminator(3)
    maps = torch.rand(2, 3, 40, 65, requires_grad=True)
    discriminator(maps).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in discriminator.parameters())
    assert maps.grad is not None and maps.grad.abs().sum() > 0
