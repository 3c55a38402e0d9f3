from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.losses import LossWeights, self_training_losses, supervised_loss

PARITY = Path(__file__).parents[2] / "parity"
TERMS = ("seg", "kld_confident", "entropy_ignored", "consistency_ignored", "total")


@pytest.mark.parametrize("name", ["few_ignored", "mixed", "mostly_ignored"])
@pytest.mark.parametrize("term", TERMS)
def test_losses_and_gradients_are_the_official_ones(name: str, term: str) -> None:
    """Recorded from the official HIAST code (tests/parity/README.md)."""
    numbers = np.load(PARITY / f"losses_{name}.npz")
    logits = torch.from_numpy(numbers["logits"]).requires_grad_()
    teacher = torch.from_numpy(numbers["teacher_logits"]).softmax(1)
    losses = self_training_losses(logits, torch.from_numpy(numbers["pseudo_labels"]), teacher)
    loss = getattr(losses, term)
    np.testing.assert_allclose(loss.item(), numbers[f"loss_{term}"], rtol=1e-5)
    loss.backward()
    np.testing.assert_allclose(logits.grad.numpy(), numbers[f"grad_{term}"], rtol=0, atol=1e-6)


def random_case(classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, classes, 5, 6), generator=generator).requires_grad_()
    return logits, torch.randn((2, classes, 5, 6), generator=generator).softmax(1)


@pytest.mark.parametrize(
    ("label", "silent"),
    [(255, ("seg", "kld_confident")), (1, ("entropy_ignored", "consistency_ignored"))],
)
def test_an_empty_region_contributes_exactly_nothing(label: int, silent: tuple[str, ...]) -> None:
    logits, teacher = random_case()
    losses = self_training_losses(logits, torch.full((2, 5, 6), label), teacher)
    for term in TERMS:
        loss = getattr(losses, term)
        (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)
        if term in silent:
            assert loss.item() == 0.0
            assert not gradient.any()
        else:
            assert loss.item() > 0.0
            assert torch.isfinite(gradient).all()


def test_without_a_teacher_there_is_no_consistency() -> None:
    logits, _ = random_case()
    losses = self_training_losses(logits, torch.full((2, 5, 6), 255))
    assert losses.consistency_ignored.item() == 0.0
    torch.testing.assert_close(losses.total, losses.entropy_ignored)


def test_the_total_is_weighted_and_the_terms_are_not() -> None:
    logits, teacher = random_case()
    labels = torch.arange(60).view(2, 5, 6).remainder(5)
    labels[labels == 4] = 255
    plain = self_training_losses(logits, labels, teacher)
    weighted = self_training_losses(
        logits, labels, teacher, weights=LossWeights(seg=2, kld=3, entropy=0, consistency=7)
    )
    for term in TERMS[:-1]:
        assert getattr(plain, term).item() == getattr(weighted, term).item()
    expected = 2 * plain.seg + 3 * plain.kld_confident + 7 * plain.consistency_ignored
    torch.testing.assert_close(weighted.total, expected)


def test_no_gradient_reaches_the_teacher() -> None:
    logits, teacher = random_case()
    teacher.requires_grad_()
    self_training_losses(logits, torch.full((2, 5, 6), 255), teacher).total.backward()
    assert teacher.grad is None


def test_very_confident_half_precision_logits_stay_finite() -> None:
    logits = torch.zeros((1, 3, 2, 2), dtype=torch.float16)
    logits[:, 0] = 6e4
    logits.requires_grad_()
    losses = self_training_losses(logits, torch.tensor([[[0, 1], [255, 255]]], dtype=torch.uint8))
    losses.total.backward()
    assert losses.total.dtype == torch.float32
    assert torch.isfinite(losses.total)
    assert torch.isfinite(logits.grad).all()


def test_supervised_loss_is_cross_entropy_and_zero_without_labels() -> None:
    logits, _ = random_case()
    labels = torch.arange(60).view(2, 5, 6).remainder(5)
    labels[labels == 4] = 255
    expected = torch.nn.functional.cross_entropy(logits, labels, ignore_index=255)
    torch.testing.assert_close(supervised_loss(logits, labels), expected)
    nothing = supervised_loss(logits, torch.full((2, 5, 6), 255))
    nothing.backward()
    assert nothing.item() == 0.0
    assert not logits.grad.any()


@pytest.mark.parametrize("wrong", [4, 254, -1])
def test_a_class_the_model_does_not_have_is_named(wrong: int) -> None:
    logits, _ = random_case(classes=4)
    labels = torch.zeros((2, 5, 6), dtype=torch.int64)
    labels[1, 2, 3] = wrong
    for loss in (self_training_losses, supervised_loss):
        with pytest.raises(UserError, match=rf"class id {wrong} is outside 0\.\.3"):
            loss(logits, labels)


def test_shapes_and_types_that_do_not_fit_are_refused() -> None:
    logits, teacher = random_case()
    with pytest.raises(UserError, match="labels"):
        self_training_losses(logits, torch.zeros((2, 5, 5), dtype=torch.int64))
    with pytest.raises(UserError, match="labels have type"):
        self_training_losses(logits, torch.zeros((2, 5, 6)))
    with pytest.raises(UserError, match="teacher_probabilities"):
        self_training_losses(logits, torch.zeros((2, 5, 6)).long(), teacher[:, :3])
