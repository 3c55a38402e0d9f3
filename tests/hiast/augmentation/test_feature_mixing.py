import pytest
import torch

from hiast.augmentation import mix_hard_class_features


def case(size: tuple[int, int] = (16, 24)) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features that tell image and place, labels 0..3 and 255 in blocks of the grid, next as partner."""
    features = torch.arange(3 * 2 * 4 * 6, dtype=torch.float32).view(3, 2, 4, 6)
    ids = torch.tensor([0, 1, 2, 3, 255])
    grid = ids[torch.randint(0, 5, (3, 4, 6), generator=torch.Generator().manual_seed(0))]
    rows, columns = (torch.arange(new) * old // new for new, old in zip(size, (4, 6), strict=True))
    return features, grid[:, rows[:, None], columns], torch.tensor([1, 2, 0])


def test_features_and_labels_of_hard_classes_come_from_the_partner() -> None:
    features, labels, partners = case()
    chosen = torch.tensor([True, False, True])
    mixed, mixed_labels, mask = mix_hard_class_features(features, labels, partners, [1, 3], chosen)
    hard = ((labels[partners] == 1) | (labels[partners] == 3)) & chosen[:, None, None]
    assert torch.equal(mask, hard)
    assert mask.any()
    assert torch.equal(mixed_labels, torch.where(hard, labels[partners], labels))
    places = mask[:, 2::4, 2::4][:, None]
    assert torch.equal(mixed, torch.where(places, features[partners], features))
    assert torch.equal(mixed[1], features[1])
    assert torch.equal(mixed_labels[1], labels[1])


@pytest.mark.parametrize("size", [(16, 24), (25, 41), (4, 6)])
def test_features_and_labels_agree_and_255_is_never_mixed_in(size: tuple[int, int]) -> None:
    _, labels, partners = case(size)
    noise = torch.rand(labels.shape, generator=torch.Generator().manual_seed(1))
    labels = labels.masked_fill(noise < 0.3, 255).to(torch.uint8)
    features = torch.zeros((3, 1, 4, 6))
    features += torch.arange(3.0).view(3, 1, 1, 1)
    chosen = torch.ones(3, dtype=torch.bool)
    mixed, mixed_labels, mask = mix_hard_class_features(features, labels, partners, [1, 255], chosen)
    assert mixed_labels.dtype == torch.uint8
    assert mask.any()
    assert (mixed_labels[mask] == 1).all()
    assert torch.equal(mixed_labels[~mask], labels[~mask])
    rows, columns = (
        ((2 * torch.arange(new) + 1) * old).div(2 * new, rounding_mode="floor")
        for new, old in zip(size, (4, 6), strict=True)
    )
    origin = mixed[:, 0][:, rows[:, None], columns]
    expected = torch.where(mask, partners.view(3, 1, 1), torch.arange(3).view(3, 1, 1))
    assert torch.equal(origin.long(), expected)


def test_gradients_reach_the_partner() -> None:
    features, labels, partners = case()
    features.requires_grad_()
    chosen = torch.tensor([True, False, False])
    mixed, _, mask = mix_hard_class_features(features, labels, partners, [1, 3], chosen)
    mixed[0].sum().backward()
    places = mask[0, 2::4, 2::4].float()
    assert torch.equal(features.grad[1, 0], places)
    assert torch.equal(features.grad[0, 0], 1 - places)
    assert not features.grad[2].any()


def test_a_missing_partner_is_refused() -> None:
    features, labels, partners = case()
    with pytest.raises(ValueError, match="one of each per image"):
        mix_hard_class_features(features, labels, partners[:2], [1], torch.ones(3, dtype=torch.bool))
