from fractions import Fraction

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.selection import locally_consistent


def counted_one_by_one(prediction: np.ndarray, window: int, share: str) -> np.ndarray:
    radius, result = window // 2, np.zeros(prediction.shape, bool)
    for image, row, column in np.ndindex(prediction.shape):
        rows = slice(max(0, row - radius), row + radius + 1)
        columns = slice(max(0, column - radius), column + radius + 1)
        around = prediction[image, rows, columns]
        agreeing = int((around == prediction[image, row, column]).sum())
        result[image, row, column] = agreeing >= Fraction(share) * around.size
    return result


@pytest.mark.parametrize("window", [3, 5, 17])
@pytest.mark.parametrize("share", ["0.28", "0.5", "0.6", "1.0"])
@pytest.mark.parametrize("size", [(12, 15), (2, 40), (1, 1)])
def test_it_counts_the_neighbours_of_the_same_class(window: int, share: str, size: tuple[int, int]) -> None:
    prediction = (
        np.random.default_rng(0).choice([0, 1, 254], (2, *size), p=[0.6, 0.3, 0.1]).astype(np.uint8)
    )
    expected = counted_one_by_one(prediction, window, share)
    found = locally_consistent(prediction, window=window, share=float(share))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, expected)
    tensor = locally_consistent(torch.from_numpy(prediction), window=window, share=float(share))
    assert tensor.dtype == torch.bool
    np.testing.assert_array_equal(tensor.numpy(), expected)


def test_a_share_is_the_decimal_that_was_written() -> None:
    # 0.28 · 25 is 7.000000000000001 in floating point.
    prediction = np.arange(25).reshape(1, 5, 5)
    prediction[0, 2, 2] = 100
    prediction[0, 0, :5], prediction[0, 1, 0] = 100, 100
    assert (prediction == 100).sum() == 7
    assert locally_consistent(prediction, window=5, share=0.28)[0, 2, 2]
    assert not locally_consistent(prediction, window=5, share=0.2800001)[0, 2, 2]


def test_the_widest_window_of_one_class_does_not_overflow() -> None:
    assert locally_consistent(np.zeros((1, 70, 70), np.uint8), window=31, share=1.0).all()
    assert locally_consistent(np.zeros((1, 70, 70), np.uint8), window=15, share=1.0).all()


def test_what_was_given_stays_and_images_do_not_touch() -> None:
    prediction = np.zeros((2, 4, 4), np.uint8)
    prediction[1] = 1
    before = prediction.copy()
    assert locally_consistent(prediction, window=3, share=1.0).all()
    np.testing.assert_array_equal(prediction, before)


def test_shares_and_windows_that_make_no_sense_are_refused() -> None:
    prediction = np.zeros((1, 4, 4), np.uint8)
    for window in (1, 4, 33):
        with pytest.raises(UserError, match=f"window is {window}"):
            locally_consistent(prediction, window=window, share=0.5)
    with pytest.raises(UserError, match=r"share is 1\.5"):
        locally_consistent(prediction, window=3, share=1.5)
