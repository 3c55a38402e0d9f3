from pathlib import Path

import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.pasting import PasteSource
from hiast.rounds.batches import BatchPlan, load_batches

PASTE = PasteSource(hard=[1], probabilities=[0.0, 1.0], candidates={1: [["0", 9], ["1", 5]]}, max_donors=1)


def plan_of(images, seed=(7, 1), paste=PASTE, batch_size=2):
    return BatchPlan(
        images, images.read_label, batch_size, crop=(16, 24), crop_heights=(12, 32), seed=seed, paste=paste
    )


def batch_of(plan, iteration):
    return plan.weak_views(plan[iteration], iteration, torch.device("cpu"))


def donors_of(samples):
    return {donor.image for sample in samples for donor in sample.donors}


def assert_equal(one, other):
    for mine, theirs in zip(one, other, strict=True):
        assert (mine.name, mine.place, mine.donors) == (theirs.name, theirs.place, theirs.donors)
        assert torch.equal(mine.image, theirs.image)
        assert torch.equal(mine.label, theirs.label)


def test_a_batch_has_the_promised_shapes(halves):
    batch = batch_of(plan_of(halves), 0)
    assert (batch.images.shape, batch.images.dtype) == ((2, 3, 16, 24), torch.float32)
    assert (batch.labels.shape, batch.labels.dtype) == ((2, 16, 24), torch.uint8)
    assert 0.0 <= float(batch.images.min()) <= float(batch.images.max()) <= 1.0


def test_a_batch_depends_on_seed_and_iteration_alone(halves):
    plan = plan_of(halves)
    late = batch_of(plan, 5)
    for iteration in range(5):
        assert not torch.equal(batch_of(plan, iteration).images, late.images)
    again = batch_of(plan_of(halves), 5)
    assert again.names == late.names
    assert torch.equal(again.images, late.images)
    assert torch.equal(again.labels, late.labels)
    assert not torch.equal(batch_of(plan_of(halves, seed=(8, 1)), 5).images, late.images)


@pytest.mark.parametrize("processes", [2, 4])
def test_several_processes_share_the_images_of_one_batch(halves, processes):
    whole = batch_of(plan_of(halves, batch_size=4), 3)
    seen = {}
    for process in range(processes):
        plan = BatchPlan(
            halves, halves.read_label, 4, crop=(16, 24), crop_heights=(12, 32), seed=(7, 1), paste=PASTE,
            process=process, processes=processes,
        )  # fmt: skip
        part = batch_of(plan, 3)
        seen |= {place: part.images[index] for index, place in enumerate(part.places)}
    assert sorted(seen) == [0, 1, 2, 3]
    assert torch.equal(torch.stack([seen[place] for place in range(4)]), whole.images)


def test_images_of_other_sizes_share_a_batch(write_halves):
    from hiast.data import ImageSet, scan_dataset

    spec = write_halves(count=2)
    larger = write_halves(count=1, height=50, width=61, where="larger")
    for kind in ("images", "labels"):
        (Path(larger.root) / kind / "0.png").rename(Path(spec.root) / kind / "9.png")
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    batch = batch_of(plan_of(images, batch_size=3), 0)
    assert sorted(batch.names) == ["0", "1", "9"]
    assert batch.images.shape == (3, 3, 16, 24)


def test_without_labels_every_pixel_is_ignored(halves):
    plan = BatchPlan(halves, None, 2, crop=(16, 24), crop_heights=(12, 32), seed=(7, 1))
    assert batch_of(plan, 0).labels.unique().tolist() == [255]


def test_resuming_gives_the_same_batches(halves):
    whole = dict(load_batches(plan_of(halves), 0, 5, 0))
    rest = dict(load_batches(plan_of(halves), 3, 5, 0))
    assert (list(whole), list(rest)) == ([0, 1, 2, 3, 4], [3, 4])
    for iteration, batch in rest.items():
        assert_equal(batch, whole[iteration])


def test_a_loading_process_gives_the_same_batches(halves):
    here = list(load_batches(plan_of(halves), 0, 3, 0))
    there = list(load_batches(plan_of(halves), 0, 3, 1))
    assert [iteration for iteration, _ in there] == [0, 1, 2]
    for (_, one), (_, other) in zip(here, there, strict=True):
        assert_equal(one, other)


def test_every_epoch_shows_each_image_once(halves):
    plan = plan_of(halves)
    names = [sample.name for iteration in range(4) for sample in plan[iteration]]
    assert sorted(names[:4]) == sorted(names[4:]) == ["0", "1", "2", "3"]


def test_images_left_out_appear_nowhere(halves):
    plan = plan_of(halves.only({"0", "1"}))
    batches = [plan[iteration] for iteration in range(8)]
    assert {name for batch in batches for name in (sample.name for sample in batch)} == {"0", "1"}
    assert set().union(*map(donors_of, batches)) == {"0", "1"}


def test_without_a_source_nothing_is_pasted(halves):
    assert donors_of(plan_of(halves, paste=None)[0]) == set()


def test_an_image_that_vanished_is_a_sentence(halves, tmp_path):
    (tmp_path / "halves/images/2.png").unlink()
    with pytest.raises(UserError, match="images/2.png: the file does not exist"):
        list(load_batches(plan_of(halves), 0, 2, 0))
