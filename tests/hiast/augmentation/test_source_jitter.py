import pytest
import torch

from hiast.augmentation import jitter_colours


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def seeds(count, start=0):
    """One generator per image."""
    return [seeded(start + place) for place in range(count)]


@pytest.fixture
def images():
    return torch.rand(6, 3, 16, 16, generator=seeded(3))


def test_strength_zero_changes_nothing(images):
    torch.testing.assert_close(jitter_colours(images, 0.0, seeds(6)), images, atol=1e-6, rtol=0)


@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_jittered_images_stay_in_range_and_differ_from_each_other(images, strength):
    same = images[:1].expand(6, -1, -1, -1)
    jittered = jitter_colours(same, strength, seeds(6))
    assert jittered.shape == same.shape
    assert jittered.min() >= 0
    assert jittered.max() <= 1
    assert torch.isfinite(jittered).all()
    assert all((jittered[0] - other).abs().mean() > 0.01 for other in jittered[1:])


def test_more_strength_moves_the_brightness_further():
    def spread(strength):
        dull = torch.full((200, 3, 2, 2), 0.4)
        return float(jitter_colours(dull, strength, seeds(200)).mean(dim=(1, 2, 3)).std())

    assert 0 < spread(0.1) < spread(0.3) < spread(0.8)


def test_channels_are_tinted_differently():
    grey = torch.full((50, 3, 2, 2), 0.4)
    jittered = jitter_colours(grey, 0.4, seeds(50))
    assert float((jittered[:, 0] - jittered[:, 2]).abs().mean()) > 0.02


def test_the_seed_decides(images):
    first = jitter_colours(images, 0.4, seeds(6, 1))
    assert torch.equal(first, jitter_colours(images, 0.4, seeds(6, 1)))
    assert not torch.equal(first, jitter_colours(images, 0.4, seeds(6, 2)))


def test_a_strength_above_one_is_refused(images):
    with pytest.raises(ValueError, match="strength is 2"):
        jitter_colours(images, 2.0, seeds(6))


def test_a_batch_that_is_split_is_changed_alike(images):
    whole = jitter_colours(images, 0.4, seeds(6))
    parts = [jitter_colours(images[i : i + 3], 0.4, seeds(3, i)) for i in (0, 3)]
    torch.testing.assert_close(torch.cat(parts), whole)


def test_too_few_generators_are_refused(images):
    with pytest.raises(ValueError, match="6 images and 5 generators"):
        jitter_colours(images, 0.4, seeds(5))
