import numpy as np
import pytest
import torch

from hiast.contracts.errors import Canceled
from hiast.contracts.training_spec import ComputeSpec, WarmUpSpec
from hiast.rounds.training_state import StateFile
from hiast.rounds.warm_up import warm_up


def ignore(_progress):
    pass


def train(model, images, on_progress=ignore, seed=1, state_file=None, target=None, every=200, **options):
    size = (32, 48)
    fields = {"iterations": 3, "batch_size": 2, "colour_jitter": 0.0, "learning_rate": 5e-3, **options}
    spec = WarmUpSpec(crop=size, crop_heights=size, **fields)
    warm_up(
        model, images, target or images, spec, ComputeSpec(checkpoint_every=every), seed=seed,
        state_file=state_file, device=torch.device("cpu"), on_progress=on_progress,
    )  # fmt: skip
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


ALIGNMENTS = [
    {"alignment": "adaptseg"}, {"alignment": "advent", "gan_loss": "bce"}, {"min_entropy_weight": 0.1},
    {"alignment": "advent", "min_entropy_weight": 0.1, "fourier_beta": 0.1}, {"fourier_beta": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("options", ALIGNMENTS)
def test_what_is_seen_of_the_target_changes_the_network_and_is_reported(
    halves, write_halves, small_model, options
):
    from PIL import Image

    from hiast.data import ImageSet, scan_dataset

    spec = write_halves(where="target", labelled=False)
    for path in (halves.spec.root.replace("halves", "target/images"),):
        for index in range(4):
            dark = np.random.default_rng(index).integers(0, 60, (32, 48, 3), dtype=np.uint8)
            Image.fromarray(dark).save(f"{path}/{index}.png")
    target = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    told = []
    plain = train(small_model(), halves)
    changed = train(small_model(), halves, told.append, target=target, **options)
    assert not torch.equal(plain.aspp.conv2d_list[0].weight, changed.aspp.conv2d_list[0].weight)
    names = {"total", "learning_rate"}
    names |= {"adversarial", "discriminator"} if "alignment" in options else set()
    names |= {"min_entropy"} if "min_entropy_weight" in options else set()
    assert set(told[-1].metrics) == names
    assert np.isfinite(list(told[-1].metrics.values())).all()


@pytest.mark.parametrize("stop_at", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, ALIGNMENTS[3]])
def test_an_interrupted_warm_up_ends_bit_identical(halves, small_model, tmp_path, stop_at, options):
    whole = train(small_model(), halves, iterations=4, **options)
    file = StateFile(tmp_path / "state.pt", "one")

    def cancel(progress):
        if progress.done == stop_at:
            raise Canceled

    with pytest.raises(Canceled):
        train(small_model(), halves, cancel, iterations=4, state_file=file, **options)
    seen = []
    resumed = train(
        small_model(), halves, lambda p: seen.append(p.done), iterations=4, state_file=file, **options
    )
    assert seen == list(range(stop_at + 1, 5))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
