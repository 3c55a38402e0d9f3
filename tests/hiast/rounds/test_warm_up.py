import pytest
import torch

from hiast.contracts.errors import Canceled
from hiast.contracts.run_spec import WarmUpSpec
from hiast.rounds.warm_up import warm_up


def train(model, images, on_progress=lambda _progress: None, iterations=3, seed=1):
    size = (24, 32)
    spec = WarmUpSpec(
        iterations=iterations,
        batch_size=2,
        crop=size,
        crop_heights=size,
        colour_jitter=0.0,
        learning_rate=5e-3,
    )
    warm_up(model, images, spec, seed=seed, device=torch.device("cpu"), on_progress=on_progress)
    return model


def test_the_loss_falls(halves, small_model):
    told = []
    train(small_model(), halves, told.append, iterations=25)
    losses = [progress.metrics["total"] for progress in told if progress.metrics]
    assert len(losses) == 5
    assert losses[-1] < 0.8 * losses[0]


def test_one_seed_gives_equal_weights_and_another_does_not(halves, small_model):
    one, same, other = (train(small_model(), halves, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_canceling_stops_within_one_batch(halves, small_model):
    def cancel(progress):
        assert progress.done == 1
        raise Canceled

    with pytest.raises(Canceled):
        train(small_model(), halves, cancel)
