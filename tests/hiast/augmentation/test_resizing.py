import pytest
import torch

from hiast.augmentation.resizing import resize_image, resize_label


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_images_keep_type_range_and_constant_colour(dtype):
    image = torch.full((3, 7, 9), 200).to(dtype)
    for size in [(14, 5), (3, 30), (1, 1)]:
        resized = resize_image(image, size)
        assert resized.dtype == dtype
        assert resized.shape == (3, *size)
        torch.testing.assert_close(resized, torch.full((3, *size), 200).to(dtype))


def test_bytes_are_resized_as_floats_are_even_to_a_single_column():
    image = torch.randint(0, 256, (3, 33, 21), dtype=torch.uint8)
    for size in [(17, 12), (40, 1), (1, 1), (1, 30)]:
        expected = resize_image(image.float(), size)
        assert (resize_image(image, size).float() - expected).abs().max() <= 1.0


def test_labels_are_taken_at_pixel_centres():
    label = torch.tensor([[1, 2, 255]])
    assert resize_label(label, (2, 6)).tolist() == [[1, 1, 2, 2, 255, 255]] * 2
    assert resize_label(label, (1, 1)).tolist() == [[2]]


def test_the_same_size_is_left_alone():
    image, label = torch.rand(3, 4, 5), torch.zeros(4, 5, dtype=torch.uint8)
    assert resize_image(image, (4, 5)) is image
    assert resize_label(label, (4, 5)) is label
