from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.rounds.schedules import learning_rates, set_learning_rates

PARITY = Path(__file__).parents[2] / "parity"


@pytest.mark.parametrize(("schedule", "key"), [("cosine", "Cosine"), ("poly", "Poly")])
def test_rates_equal_the_recorded_ones(schedule, key):
    with np.load(PARITY / "lr_schedules.npz") as recorded:
        expected = recorded[key]
    rates = [learning_rates(schedule, (3e-6, 3e-5), step, len(expected)) for step in range(len(expected))]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)


def test_the_cosine_ends_at_a_thousandth_of_the_backbone_rate_and_poly_at_zero():
    assert learning_rates("cosine", (1e-3, 1e-2), 50, 50) == pytest.approx([1e-6, 1e-6])
    assert learning_rates("poly", (1e-3, 1e-2), 50, 50) == [0.0, 0.0]


@pytest.mark.parametrize(("iteration", "iterations"), [(-1, 10), (11, 10), (0, 0)])
def test_an_iteration_outside_the_run_is_refused(iteration, iterations):
    with pytest.raises(ValueError, match="outside"):
        learning_rates("cosine", (1e-3,), iteration, iterations)


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="known: cosine, poly"):
        learning_rates("step", (1e-3,), 0, 10)


def test_each_parameter_group_gets_its_rate():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.Adam([{"params": [weight]} for weight in weights], lr=1.0)
    set_learning_rates(optimizer, [0.25, 0.5])
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.5]
    with pytest.raises(ValueError, match="shorter"):
        set_learning_rates(optimizer, [0.25])
