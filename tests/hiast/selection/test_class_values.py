import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.selection import (
    Codebook,
    count_codes,
    labels_from_codes,
    update_class_values,
    update_class_values_from_histogram,
)


def test_the_first_mean_initialises_later_ones_are_smoothed() -> None:
    confidence = np.array([[[0.8, 0.6, 0.9, 0.2]]])
    labels = np.array([[[0, 0, 1, 255]]])
    values = update_class_values(np.array([0.0, 0.5, 0.0]), confidence, labels, momentum=0.9)
    np.testing.assert_allclose(values, [0.7, 0.9 * 0.5 + 0.1 * 0.9, 0.0])


def test_an_instance_without_kept_pixels_changes_nothing() -> None:
    before = np.array([0.0, 0.7])
    values = update_class_values(before, np.ones((1, 2, 2)), np.full((1, 2, 2), 255))
    np.testing.assert_array_equal(values, before)


def test_the_histogram_gives_the_values_of_the_pixels() -> None:
    book, rng = Codebook.log12(), np.random.default_rng(0)
    codes, prediction = book.encode(rng.random((2, 8, 8)) ** 0.2), rng.integers(0, 3, (2, 8, 8))
    thresholds, before = np.array([0.6, 0.8, 0.99999]), np.array([0.0, 0.4, 0.3])
    labels = labels_from_codes(codes, prediction, thresholds, book)
    np.testing.assert_allclose(
        update_class_values_from_histogram(
            before, count_codes(codes, prediction, 3, book), thresholds, codebook=book
        ),
        update_class_values(before, book.decode(codes), labels),
        rtol=1e-12,
    )


def test_tensors_in_give_a_tensor_out() -> None:
    values = update_class_values(torch.zeros(2), torch.full((1, 1, 2), 0.5), torch.tensor([[[1, 255]]]))
    assert isinstance(values, torch.Tensor)
    assert values.tolist() == [0.0, 0.5]


def test_what_does_not_fit_is_refused() -> None:
    pixels = np.zeros((1, 1, 2), int)
    with pytest.raises(UserError, match="class id 4"):
        update_class_values(np.zeros(2), np.ones((1, 1, 2)), pixels + 4)
    with pytest.raises(UserError, match="momentum is 2"):
        update_class_values(np.zeros(2), np.ones((1, 1, 2)), pixels, momentum=2)
    with pytest.raises(UserError, match="pixels"):
        update_class_values(np.zeros(2), np.ones((1, 1, 3)), pixels)
