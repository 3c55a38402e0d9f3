import numpy as np
import pytest

from hiast.contracts.errors import UserError
from hiast.metrics import label_counts, label_quality

TRUTH = np.array([[0, 0, 0, 1], [1, 2, 255, 255]])
LABELS = np.array([[0, 1, 255, 1], [255, 255, 0, 255]], dtype=np.uint8)


def test_coverage_and_precision_count_only_pixels_with_truth() -> None:
    quality = label_quality(label_counts(LABELS, TRUTH, 3))
    assert quality.coverage == 3 / 6
    assert quality.precision == 2 / 3
    np.testing.assert_allclose(quality.class_coverage, [2 / 3, 1 / 2, 0.0])
    np.testing.assert_allclose(quality.class_precision, [1.0, 1 / 2, np.nan])


def test_a_label_map_without_labels_has_no_coverage_and_no_nan() -> None:
    quality = label_quality(label_counts(np.full((2, 4), 255), TRUTH, 3))
    assert (quality.coverage, quality.precision) == (0.0, 0.0)


def test_no_truth_at_all_gives_zero_and_undefined_classes() -> None:
    quality = label_quality(label_counts(LABELS, np.full((2, 4), 255), 3))
    assert (quality.coverage, quality.precision) == (0.0, 0.0)
    assert np.isnan(quality.class_coverage).all()


def test_counts_add_up_over_images() -> None:
    rows = [label_counts(LABELS[i], TRUTH[i], 3) for i in range(2)]
    np.testing.assert_array_equal(rows[0] + rows[1], label_counts(LABELS, TRUTH, 3))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="labels: class id 5"):
        label_counts(np.array([5]), np.array([0]), 3)
    with pytest.raises(UserError, match="truth: class id 3"):
        label_counts(np.array([0]), np.array([3]), 3)
    with pytest.raises(UserError, match="shape"):
        label_counts(np.array([0, 0]), np.array([0]), 3)
