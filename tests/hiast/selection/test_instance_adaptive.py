import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hiast.contracts.errors import UserError
from hiast.selection import (
    Codebook,
    count_codes,
    instance_adaptive_thresholds,
    replay_thresholds,
    update_thresholds,
)

LOG12 = Codebook.log12()


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    alpha=st.floats(0.0, 1.0),
    beta=st.floats(0.0, 1.0),
    gamma=st.floats(0.0, 20.0),
    name=st.sampled_from(["log12", "float16"]),
)
def test_thresholds_equal_the_formula_written_out(
    seed: int, alpha: float, beta: float, gamma: float, name: str
) -> None:
    book, rng = Codebook.named(name), np.random.default_rng(seed)
    confidence, prediction = rng.random((2, 5, 7)) ** 0.2, rng.integers(0, 3, (2, 5, 7))
    previous = rng.random(4)
    found = instance_adaptive_thresholds(
        confidence, prediction, previous, alpha=alpha, beta=beta, gamma=gamma, codebook=book
    )
    decoded = book.decode(book.encode(confidence))
    for c, before in enumerate(previous):
        samples = np.append(decoded[prediction == c], before)
        psi = np.quantile(samples, (1.0 - alpha * previous**gamma)[c])
        expected = beta * before + (1.0 - beta) * psi
        assert found[c] == (0.999 if expected >= 1.0 else expected)


def test_an_absent_class_keeps_its_threshold() -> None:
    confidence, prediction = np.full((1, 4, 4), 0.95), np.zeros((1, 4, 4), dtype=np.uint8)
    found = instance_adaptive_thresholds(confidence, prediction, np.array([0.9, 0.8, 0.7]))
    assert found[0] > 0.9
    np.testing.assert_allclose(found[1:], [0.8, 0.7], rtol=0, atol=1e-15)


def test_an_image_without_any_prediction_changes_nothing() -> None:
    void = np.full((1, 3, 3), 255)
    found = instance_adaptive_thresholds(np.full((1, 3, 3), 0.95), void, np.array([0.9, 0.75]))
    np.testing.assert_allclose(found, [0.9, 0.75], rtol=0, atol=1e-15)


def test_a_threshold_that_reaches_one_becomes_0_999() -> None:
    certain = np.ones((1, 8, 8))
    found = instance_adaptive_thresholds(
        certain, np.zeros((1, 8, 8), int), np.array([1.0]), codebook=Codebook.float16()
    )
    assert found[0] == 0.999


def test_a_trajectory_equals_its_steps() -> None:
    rng = np.random.default_rng(3)
    histograms = [
        count_codes(LOG12.encode(rng.random(300) ** 0.1), rng.integers(0, 3, 300), 3, LOG12)
        for _ in range(4)
    ]
    state, steps = np.full(3, 0.9), []
    for counts in histograms:
        state = update_thresholds(counts, state, alpha=0.5, beta=0.9, gamma=8, codebook=LOG12)
        steps.append(state)
    trajectory = replay_thresholds(
        histograms, np.full(3, 0.9), alpha=0.5, beta=0.9, gamma=8, codebook=LOG12
    )
    np.testing.assert_array_equal(trajectory, steps)
    none = replay_thresholds([], np.full(3, 0.9), alpha=0.5, beta=0.9, gamma=8, codebook=LOG12)
    assert none.shape == (0, 3)


def test_tensors_give_the_thresholds_of_their_arrays() -> None:
    rng = np.random.default_rng(4)
    confidence, prediction = rng.random((1, 6, 6)), rng.integers(0, 2, (1, 6, 6))
    found = instance_adaptive_thresholds(
        torch.from_numpy(confidence),
        torch.from_numpy(prediction),
        torch.full((2,), 0.9, dtype=torch.float64),
    )
    assert isinstance(found, torch.Tensor)
    expected = instance_adaptive_thresholds(confidence, prediction, np.full(2, 0.9))
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize(
    ("settings_", "named"),
    [({"alpha": 1.5}, "alpha"), ({"beta": -0.1}, "beta"), ({"gamma": -1.0}, "gamma"),
     ({"gamma": float("nan")}, "gamma")],
)  # fmt: skip
def test_settings_out_of_range_are_named(settings_: dict[str, float], named: str) -> None:
    with pytest.raises(UserError, match=named):
        instance_adaptive_thresholds(np.ones((1, 1)), np.zeros((1, 1), int), np.ones(1), **settings_)


def test_what_does_not_fit_is_refused() -> None:
    pixels = np.zeros((1, 2, 2), int)
    with pytest.raises(UserError, match="previous thresholds"):
        instance_adaptive_thresholds(np.ones((1, 2, 2)), pixels, np.array([1.2]))
    with pytest.raises(UserError, match="class id 3"):
        instance_adaptive_thresholds(np.ones((1, 2, 2)), pixels + 3, np.array([0.9]))
    with pytest.raises(UserError, match="histograms have shape"):
        update_thresholds(np.zeros((1, 5)), np.ones(1), alpha=0.5, beta=0.9, gamma=8, codebook=LOG12)
