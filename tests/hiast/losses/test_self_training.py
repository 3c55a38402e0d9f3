from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.losses import (
    LossWeights,
    RegionCounts,
    count_regions,
    fused_terms,
    self_training_losses,
    supervised_loss,
)

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


def mixed_labels() -> torch.Tensor:
    labels = torch.arange(60).view(2, 5, 6).remainder(5)
    return labels.masked_fill(labels == 4, 255)


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_gradients_are_those_of_finite_differences(
    spatial: bool, memory_format: torch.memory_format
) -> None:
    logits, teacher = random_case()
    leaf = logits.detach().double().to(memory_format=memory_format).requires_grad_()
    factors = torch.linspace(0.1, 2.0, 60).view(2, 5, 6) if spatial else None
    # Not a softmax: the gradient must hold for any q.
    q = teacher.double() * 1.7

    def terms(scores: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self_training_losses(scores, mixed_labels(), q, spatial=factors))

    assert torch.autograd.gradcheck(terms, (leaf,))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_gradient_has_the_type_and_memory_format_of_the_logits(
    memory_format: torch.memory_format, dtype: torch.dtype
) -> None:
    logits, teacher = random_case()
    leaf = logits.detach().to(dtype, memory_format=memory_format).requires_grad_()
    self_training_losses(leaf, mixed_labels(), teacher).total.backward()
    assert leaf.grad.dtype == dtype
    assert leaf.grad.is_contiguous(memory_format=memory_format)
    exact = leaf.detach().double().requires_grad_()
    self_training_losses(exact, mixed_labels(), teacher.double()).total.backward()
    torch.testing.assert_close(leaf.grad.double(), exact.grad, rtol=1e-2, atol=1e-6)


def test_logits_in_an_order_of_their_own_are_read_right() -> None:
    logits, teacher = random_case()
    turned = logits.detach().transpose(2, 3).contiguous().transpose(2, 3).requires_grad_()
    for leaf in (logits, turned):
        self_training_losses(leaf, mixed_labels(), teacher).total.backward()
    assert torch.equal(logits.grad, turned.grad)


def test_labels_and_teacher_stay_as_they_were() -> None:
    logits, teacher = random_case()
    labels, before = mixed_labels(), teacher.clone()
    self_training_losses(logits, labels, teacher).total.backward()
    assert torch.equal(labels, mixed_labels())
    assert torch.equal(teacher, before)


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_terms, "CPU_BLOCK", 7)
    _, teacher = random_case()
    found, before = [], torch.get_num_threads()
    for threads in (1, 3, 3):
        torch.set_num_threads(threads)
        logits, _ = random_case()
        losses = self_training_losses(logits, mixed_labels(), teacher)
        losses.total.backward()
        assert torch.get_num_threads() == threads
        found.append([*(term.detach() for term in losses), logits.grad])
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_the_size_of_the_blocks_changes_only_the_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, teacher = random_case()
    whole = self_training_losses(logits, mixed_labels(), teacher)
    monkeypatch.setattr(fused_terms, "CPU_BLOCK", 7)
    for a, b in zip(self_training_losses(logits, mixed_labels(), teacher), whole, strict=True):
        torch.testing.assert_close(a, b)


def test_parts_of_a_batch_sum_to_the_whole() -> None:
    logits, teacher = random_case()
    labels = mixed_labels()
    labels[0, :4] = 255  # the parts have different shares of ignored pixels
    counts = count_regions(labels)
    assert (int(counts.kept), int(counts.ignored)) == (
        int((labels != 255).sum()),
        int((labels == 255).sum()),
    )
    whole = self_training_losses(logits, labels, teacher)
    parts = [
        self_training_losses(logits[i : i + 1], labels[i : i + 1], teacher[i : i + 1], counts=counts)
        for i in range(2)
    ]
    for term, expected in enumerate(whole):
        torch.testing.assert_close(parts[0][term] + parts[1][term], expected)
    summed = sum(supervised_loss(logits[i : i + 1], labels[i : i + 1], count=counts.kept) for i in range(2))
    torch.testing.assert_close(summed, supervised_loss(logits, labels))


def test_counts_of_parts_add_up() -> None:
    labels = mixed_labels()
    parts = [count_regions(labels[i]) for i in range(2)]
    assert RegionCounts(*(sum(column) for column in zip(*parts, strict=True))) == count_regions(labels)


def test_spatial_factors_weigh_the_regularisers_alone() -> None:
    logits, teacher = random_case()
    plain = self_training_losses(logits, mixed_labels(), teacher)
    doubled = self_training_losses(logits, mixed_labels(), teacher, spatial=torch.full((2, 5, 6), 2.0))
    torch.testing.assert_close(doubled.seg, plain.seg)
    for term in TERMS[1:-1]:
        torch.testing.assert_close(getattr(doubled, term), 2 * getattr(plain, term))
    kept = mixed_labels() != 255
    no_kept = self_training_losses(logits, mixed_labels(), teacher, spatial=(~kept).float())
    assert no_kept.kld_confident.item() == 0.0
    torch.testing.assert_close(no_kept.entropy_ignored, plain.entropy_ignored)


def test_shapes_and_types_that_do_not_fit_are_refused() -> None:
    logits, teacher = random_case()
    with pytest.raises(UserError, match="labels"):
        self_training_losses(logits, torch.zeros((2, 5, 5), dtype=torch.int64))
    with pytest.raises(UserError, match="labels have type"):
        self_training_losses(logits, torch.zeros((2, 5, 6)))
    with pytest.raises(UserError, match="teacher_probabilities"):
        self_training_losses(logits, torch.zeros((2, 5, 6)).long(), teacher[:, :3])
    with pytest.raises(UserError, match="spatial weights have shape"):
        self_training_losses(logits, torch.zeros((2, 5, 6)).long(), spatial=torch.ones(5, 6))
