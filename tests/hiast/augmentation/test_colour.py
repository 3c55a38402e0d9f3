import torch

from hiast.augmentation.colour import scale_contrast, scale_saturation, to_grey


def test_grey_weighs_red_green_and_blue_as_the_eye_does():
    primaries = torch.eye(3)[:, :, None, None]
    torch.testing.assert_close(to_grey(primaries).flatten(), torch.tensor([0.299, 0.587, 0.114]))


def test_factor_one_changes_nothing_and_zero_leaves_the_mean_or_grey():
    images = torch.rand(2, 3, 6, 8)
    torch.testing.assert_close(scale_contrast(images, 1.0), images)
    torch.testing.assert_close(scale_saturation(images, 1.0), images)
    assert scale_contrast(images, 0.0).flatten(1).std(dim=1).max() < 1e-6
    torch.testing.assert_close(scale_saturation(images, 0.0), to_grey(images).expand_as(images))


def test_each_image_may_have_its_own_factor():
    images = torch.rand(2, 3, 6, 8)
    scaled = scale_contrast(images, torch.tensor([1.0, 0.0])[:, None, None, None])
    torch.testing.assert_close(scaled[0], images[0])
    assert scaled[1].std() < 1e-6
