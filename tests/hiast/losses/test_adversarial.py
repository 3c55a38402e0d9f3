import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, leaky_relu

from hiast.contracts.errors import UserError
from hiast.losses import (
    adversarial_loss,
    discriminator_loss,
    min_entropy_loss,
    weighted_self_information,
)

NUMBERS = np.load(Path(__file__).parents[2] / "parity" / "adversarial.npz")
SOURCE, TARGET = (
    torch.from_numpy(NUMBERS[f"{domain}_logits"]).softmax(1) for domain in ("source", "target")
)
OFFICIAL_NAMES = {"mse": "MSE", "bce": "BCEWithLogits"}


def scores(inputs: torch.Tensor) -> torch.Tensor:
    """The recorded discriminator, its weights filled by the recipe in tests/parity/README.md."""
    shapes = json.loads(str(NUMBERS["discriminator_shapes"]))
    for layer in ("conv1", "conv2", "conv3", "conv4", "classifier"):
        weight, bias = (filled(f"{layer}.{part}", shapes[f"{layer}.{part}"]) for part in ("weight", "bias"))
        inputs = conv2d(inputs, weight, bias, stride=2, padding=1)
        inputs = inputs if layer == "classifier" else leaky_relu(inputs, 0.2)
    return inputs


def filled(name: str, shape: list[int]) -> torch.Tensor:
    offset = sum(ord(letter) * (place + 1) for place, letter in enumerate(name)) % 997
    base = np.sin(0.7 * np.arange(math.prod(shape), dtype=np.float64) + offset)
    scale = math.sqrt(2 / math.prod(shape[1:])) if len(shape) == 4 else 0.01
    return torch.from_numpy((base * scale).reshape(shape)).float()


@pytest.mark.parametrize("alignment", ["adaptseg", "advent"])
@pytest.mark.parametrize("kind", ["mse", "bce"])
def test_losses_are_the_official_ones(alignment: str, kind: str) -> None:
    """Recorded from the official HIAST code (tests/parity/README.md)."""
    seen = [SOURCE, TARGET]
    if alignment == "advent":
        seen = [weighted_self_information(probabilities) for probabilities in seen]
    source, target = (scores(inputs) for inputs in seen)
    of_discriminator = (
        discriminator_loss(source, True, kind) + discriminator_loss(target, False, kind)
    ) / 2
    suffix = f"{OFFICIAL_NAMES[kind]}_{alignment}"
    assert of_discriminator.item() == pytest.approx(float(NUMBERS[f"disc_{suffix}"]), rel=1e-5)
    assert adversarial_loss(target, kind).item() == pytest.approx(float(NUMBERS[f"adv_{suffix}"]), rel=1e-5)


def test_min_entropy_is_the_official_one() -> None:
    assert min_entropy_loss(TARGET).item() == pytest.approx(float(NUMBERS["minent"]), rel=1e-5)


def test_self_information_sums_to_entropy_between_0_and_1() -> None:
    uniform, certain = torch.full((1, 4, 1, 1), 0.25), torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1)
    assert weighted_self_information(uniform).sum().item() == pytest.approx(1.0)
    assert weighted_self_information(certain).sum().item() == 0.0
    certain.requires_grad_()
    min_entropy_loss(certain).backward()
    assert torch.isfinite(certain.grad).all()


@pytest.mark.parametrize("kind", ["mse", "bce"])
def test_the_two_players_pull_target_scores_in_opposite_directions(kind: str) -> None:
    target = torch.zeros((1, 1, 2, 3), requires_grad=True)
    (away,) = torch.autograd.grad(discriminator_loss(target + 0.5, False, kind), target)
    (towards,) = torch.autograd.grad(adversarial_loss(target + 0.5, kind), target)
    assert (away < 0).all()
    assert (towards > 0).all()


def test_an_unknown_gan_loss_and_a_single_class_are_refused() -> None:
    with pytest.raises(UserError, match="'hinge' is unknown"):
        adversarial_loss(torch.zeros(1), "hinge")
    with pytest.raises(UserError, match="two classes or more"):
        weighted_self_information(torch.ones(1, 1, 2, 2))
