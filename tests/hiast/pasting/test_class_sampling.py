from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.pasting import class_sampling_probabilities, hard_classes

PARITY = Path(__file__).parents[2] / "parity"


def test_hard_classes_and_probabilities_equal_the_recorded_ones():
    with np.load(PARITY / "hpla_gta.npz") as recorded:
        values, hard, official = (recorded[k] for k in ("class_mean_probs", "hard_classes", "class_probs"))
    assert hard_classes(values, 14) == hard.tolist()
    # The recorded vector still covers all classes; only its hard entries are ever drawn from.
    expected = np.zeros(19)
    expected[hard] = official[hard] / official[hard].sum()
    np.testing.assert_allclose(class_sampling_probabilities(values, hard.tolist()), expected, atol=1e-12)


def test_hard_classes_are_the_lowest_values_in_order_and_ties_keep_class_order():
    assert hard_classes([0.9, 0.0, 0.5, 0.0, 0.7], 3) == [1, 3, 2]


def test_excluded_classes_never_count():
    assert hard_classes([0.1, 0.2, 0.3], 2, excluded=(0,)) == [1, 2]
    assert hard_classes([0.1, 0.2], 5, excluded=[0, 1]) == []
    assert hard_classes([0.1, 0.2], 0) == []


def test_classes_without_a_donor_get_no_share():
    values = np.array([0.5, 0.8, 0.5, 0.0])
    probabilities = class_sampling_probabilities(values, [0, 1, 2], has_donor=[True, True, False, True])
    np.testing.assert_allclose(probabilities, [0.25 / 0.29, 0.04 / 0.29, 0, 0])


@pytest.mark.parametrize(
    ("values", "hard", "has_donor"),
    [
        ([0.5, 0.5], [], None),
        ([0.5, 0.5], [0, 1], [False, False]),
        ([1.0, 1.0], [0, 1], None),
    ],
)
def test_nothing_to_draw_gives_zeros_not_nan(values, hard, has_donor):
    probabilities = class_sampling_probabilities(np.array(values), hard, has_donor=has_donor)
    assert probabilities.tolist() == [0.0, 0.0]


def test_a_single_class_has_probability_one():
    assert class_sampling_probabilities(np.array([0.4]), [0]).tolist() == [1.0]


def test_torch_in_gives_torch_out():
    values = torch.tensor([0.5, 0.7, 0.9])
    probabilities = class_sampling_probabilities(values, hard_classes(values, 2))
    assert isinstance(probabilities, torch.Tensor)
    expected = class_sampling_probabilities(values.numpy(), [0, 1])
    np.testing.assert_array_equal(probabilities.numpy(), expected)


def test_a_value_rounded_just_above_one_counts_as_one():
    assert class_sampling_probabilities(np.array([1.0000001, 0.5]), [0, 1]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.5])
def test_values_that_are_no_confidences_are_refused(value):
    with pytest.raises(ValueError, match="class values"):
        hard_classes([0.5, value], 1)


def test_a_hard_class_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="hard class 7 does not exist"):
        class_sampling_probabilities(np.array([0.5, 0.5]), [7])
