import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.selection import Codebook, apply_thresholds, constant_thresholds, labels_from_codes
from hiast.selection.labelling import reasons_from_labels


def test_a_pixel_is_kept_from_its_class_threshold_on() -> None:
    confidence = np.array([[[0.5, 0.7, 0.9, 0.95]]])
    prediction = np.array([[[0, 1, 1, 255]]])
    labels = apply_thresholds(confidence, prediction, np.array([0.6, 0.7]))
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, [[[255, 1, 1, 255]]])


def test_threshold_zero_keeps_every_prediction() -> None:
    prediction = np.random.default_rng(0).integers(0, 5, (2, 3, 4))
    labels = apply_thresholds(np.zeros((2, 3, 4)), prediction, constant_thresholds(5, 0.0))
    np.testing.assert_array_equal(labels, prediction)


def test_a_threshold_above_one_vetoes_its_class() -> None:
    book = Codebook.log12()
    codes, prediction = book.encode(np.ones((2, 2))), np.array([[0, 1], [1, 0]])
    labels = labels_from_codes(codes, prediction, np.array([0.5, 1.1]), book)
    np.testing.assert_array_equal(labels, [[0, 255], [255, 0]])


@pytest.mark.parametrize("name", ["log12", "float16"])
def test_labels_from_codes_equal_those_of_the_decoded_confidences(name: str) -> None:
    book, rng = Codebook.named(name), np.random.default_rng(1)
    codes, prediction = book.encode(rng.random((3, 9, 9))), rng.integers(0, 4, (3, 9, 9))
    thresholds = np.array([0.2, 0.5, 0.9, book.levels[900]])
    np.testing.assert_array_equal(
        labels_from_codes(codes, prediction, thresholds, book),
        apply_thresholds(book.decode(codes), prediction, thresholds),
    )


def test_reasons_tell_void_from_below_threshold() -> None:
    labels = np.array([[1, 255, 255]], dtype=np.uint8)
    reasons = reasons_from_labels(labels, np.array([[1, 2, 255]]))
    np.testing.assert_array_equal(reasons, [[Reason.KEPT, Reason.BELOW_THRESHOLD, Reason.VOID]])


def test_tensors_in_give_tensors_out() -> None:
    labels = apply_thresholds(
        torch.tensor([[[0.4, 0.8]]]), torch.tensor([[[1, 1]]]), torch.tensor([0.5, 0.5])
    )
    assert isinstance(labels, torch.Tensor)
    assert labels.dtype == torch.uint8
    assert labels.tolist() == [[[255, 1]]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="class id 9"):
        apply_thresholds(np.ones((1, 2)), np.array([[0, 9]]), np.ones(2))
    with pytest.raises(UserError, match="shape"):
        apply_thresholds(np.ones((1, 2)), np.array([[0]]), np.ones(2))
