import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.selection import Codebook, class_balanced_thresholds, constant_thresholds


def test_thresholds_are_quantiles_of_every_nth_pixel_of_each_class_in_each_batch() -> None:
    rng, book = np.random.default_rng(0), Codebook.log12()
    batches = [(rng.random((2, 6, 9)) ** 0.3, rng.integers(0, 3, (2, 6, 9))) for _ in range(3)]
    found = class_balanced_thresholds(batches, num_classes=3, portion=0.3, sample_interval=4)
    for c in range(3):
        samples = [book.decode(book.encode(conf))[pred == c][::4] for conf, pred in batches]
        assert found[c] == np.quantile(np.concatenate(samples), 1.0 - 0.3)


def test_an_absent_class_gets_threshold_one() -> None:
    batch = (np.full((1, 4, 4), 0.8), np.ones((1, 4, 4), dtype=np.uint8))
    for name in ("log12", "float16"):
        found = class_balanced_thresholds([batch], num_classes=3, codebook=Codebook.named(name))
        np.testing.assert_array_equal(found[[0, 2]], [1.0, 1.0])
        assert abs(found[1] - 0.8) < 1e-3


def test_void_pixels_do_not_count() -> None:
    prediction = np.full((1, 4, 4), 255)
    found = class_balanced_thresholds([(np.full((1, 4, 4), 0.8), prediction)], num_classes=2)
    np.testing.assert_array_equal(found, [1.0, 1.0])


def test_a_generator_of_tensors_gives_a_tensor() -> None:
    pairs = ((torch.full((1, 2, 2), 0.75), torch.zeros(1, 2, 2, dtype=torch.int64)) for _ in range(2))
    found = class_balanced_thresholds(pairs, num_classes=1, codebook=Codebook.float16())
    assert isinstance(found, torch.Tensor)
    assert float(found[0]) == 0.75


def test_what_does_not_fit_is_refused() -> None:
    one = (np.ones((1, 2, 2)), np.zeros((1, 2, 2), int))
    with pytest.raises(UserError, match="no image"):
        class_balanced_thresholds([], num_classes=2)
    with pytest.raises(UserError, match="portion is 0"):
        class_balanced_thresholds([one], num_classes=2, portion=0)
    with pytest.raises(UserError, match="sample_interval is 0"):
        class_balanced_thresholds([one], num_classes=2, sample_interval=0)
    with pytest.raises(UserError, match="class id 7"):
        class_balanced_thresholds([(one[0], one[1] + 7)], num_classes=2)
    with pytest.raises(UserError, match="threshold is 1.5"):
        constant_thresholds(2, 1.5)
    np.testing.assert_array_equal(constant_thresholds(2, 0.9), [0.9, 0.9])
