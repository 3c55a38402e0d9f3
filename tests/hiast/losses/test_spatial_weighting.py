import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.losses import spatial_weights


def case() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    teacher = (torch.randn((2, 3, 6, 7), generator=generator) * 2).softmax(1)
    confidence, labels = teacher.max(1)
    thresholds = torch.tensor([0.5, 0.7, 0.9])
    return teacher, labels.masked_fill(confidence < thresholds[labels], 255), thresholds


def test_the_mean_weight_of_each_region_is_one() -> None:
    teacher, labels, thresholds = case()
    weights = spatial_weights(teacher, labels, thresholds, 3.0)
    assert weights.shape == labels.shape
    for region in (labels == 255, labels != 255):
        assert 0 < int(region.sum()) < region.numel()
        assert weights[region].mean().item() == pytest.approx(1.0, rel=1e-5)


def test_pixels_closer_to_their_threshold_weigh_more_within_the_bound() -> None:
    teacher, labels, thresholds = case()
    confidence, prediction = teacher.max(1)
    margin = (confidence - thresholds[prediction]).abs()
    weights = spatial_weights(teacher, labels, thresholds, 2.0)
    for region in (labels == 255, labels != 255):
        by_margin = weights[region][margin[region].argsort()]
        assert (by_margin.diff() <= 0).all()
        assert 1.1 < by_margin[0] / by_margin[-1] <= torch.e**2


def test_strength_zero_is_exactly_one_and_nothing_has_a_gradient() -> None:
    teacher, labels, thresholds = case()
    teacher.requires_grad_()
    weights = spatial_weights(teacher, labels, thresholds, 0.0)
    assert torch.equal(weights, torch.ones_like(weights))
    assert not spatial_weights(teacher, labels, thresholds, 1.0).requires_grad


@pytest.mark.parametrize("label", [1, 255])
def test_an_empty_region_is_no_problem(label: int) -> None:
    teacher, labels, thresholds = case()
    weights = spatial_weights(teacher, torch.full_like(labels, label), thresholds, 2.0)
    assert weights.mean().item() == pytest.approx(1.0, rel=1e-5)


def test_a_whole_region_far_below_its_threshold_keeps_finite_weights() -> None:
    teacher, labels, thresholds = case()
    weights = spatial_weights(teacher, labels, thresholds, 1e4)
    assert torch.isfinite(weights).all()


def test_shapes_and_strengths_that_do_not_fit_are_refused() -> None:
    teacher, labels, thresholds = case()
    with pytest.raises(UserError, match="thresholds"):
        spatial_weights(teacher, labels, thresholds[:2], 1.0)
    with pytest.raises(UserError, match="strength is -1"):
        spatial_weights(teacher, labels, thresholds, -1.0)
