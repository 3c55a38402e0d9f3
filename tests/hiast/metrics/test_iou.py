import numpy as np
import pytest

from hiast.contracts.errors import UserError
from hiast.metrics import class_iou, confusion_matrix, mean_iou, pixel_accuracy

TRUTH = np.array([[0, 0, 1], [1, 255, 2]])
PREDICTION = np.array([[0, 1, 1], [1, 0, 0]])


def test_rows_are_truth_and_columns_prediction_without_void() -> None:
    counts = confusion_matrix(PREDICTION, TRUTH, 4)
    np.testing.assert_array_equal(counts, [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert pixel_accuracy(counts) == 3 / 5


def test_a_class_in_neither_truth_nor_prediction_is_left_out_of_the_mean() -> None:
    counts = confusion_matrix(PREDICTION, TRUTH, 4)
    np.testing.assert_allclose(class_iou(counts), [1 / 3, 2 / 3, 0.0, np.nan])
    assert mean_iou(counts) == pytest.approx((1 / 3 + 2 / 3 + 0) / 3)


def test_the_mean_is_taken_over_the_listed_classes() -> None:
    counts = confusion_matrix(PREDICTION, TRUTH, 4)
    assert mean_iou(counts, classes=[0, 1, 3]) == pytest.approx(0.5)


def test_images_add_up() -> None:
    rng = np.random.default_rng(0)
    prediction, truth = rng.integers(0, 5, (2, 20, 20)), rng.integers(0, 5, (2, 20, 20))
    parts = sum(confusion_matrix(p, t, 5) for p, t in zip(prediction, truth, strict=True))
    np.testing.assert_array_equal(parts, confusion_matrix(prediction, truth, 5))


def test_scoring_nothing_is_refused() -> None:
    void = np.full((2, 2), 255)
    nothing = confusion_matrix(np.zeros((2, 2), int), void, 3)
    assert pixel_accuracy(nothing) == 0.0
    with pytest.raises(UserError, match="no pixel to score"):
        mean_iou(nothing)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="truth: class id 7"):
        confusion_matrix(np.zeros(2, int), np.array([0, 7]), 3)
    with pytest.raises(UserError, match="prediction: class id 3"):
        confusion_matrix(np.array([0, 3]), np.zeros(2, int), 3)
    with pytest.raises(UserError, match="shape"):
        confusion_matrix(np.zeros(2, int), np.zeros(3, int), 3)
    with pytest.raises(UserError, match="classes: class id 3"):
        mean_iou(np.eye(3, dtype=int), classes=[0, 3])
