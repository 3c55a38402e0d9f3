import torch

from hiast.augmentation import normalise


def test_bytes_and_floats_are_normalised_alike():
    images = torch.randint(0, 256, (2, 3, 5, 7), dtype=torch.uint8)
    torch.testing.assert_close(normalise(images), normalise(images / 255))


def test_the_mean_colour_becomes_zero_and_one_deviation_one():
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None].expand(3, 2, 2)
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    torch.testing.assert_close(normalise(mean), torch.zeros(3, 2, 2))
    torch.testing.assert_close(normalise(mean + std), torch.ones(3, 2, 2))
