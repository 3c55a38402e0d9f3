import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.rounds.batches import BatchPlan, PasteSource, load_batches

PASTE = PasteSource(hard=[1], probabilities=[0.0, 1.0], candidates={1: [["0", 9], ["1", 5]]}, max_donors=1)


def plan_of(images, seed=(7, 1), paste=PASTE, batch_size=2):
    return BatchPlan(
        images, images.read_label, batch_size, crop=(16, 24), crop_heights=(12, 32), seed=seed, paste=paste
    )


def assert_equal(one, other):
    assert (one.names, one.donors) == (other.names, other.donors)
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.labels, other.labels)


def test_a_batch_has_the_promised_shapes(halves):
    batch = plan_of(halves)[0]
    assert (batch.images.shape, batch.images.dtype) == ((2, 3, 16, 24), torch.float32)
    assert (batch.labels.shape, batch.labels.dtype) == ((2, 16, 24), torch.uint8)
    assert 0.0 <= float(batch.images.min()) <= float(batch.images.max()) <= 1.0


def test_a_batch_depends_on_seed_and_iteration_alone(halves):
    plan = plan_of(halves)
    late = plan[5]
    for iteration in range(5):
        assert not torch.equal(plan[iteration].images, late.images)
    assert_equal(plan_of(halves)[5], late)
    assert not torch.equal(plan_of(halves, seed=(7, 2))[5].images, late.images)


def test_who_resumes_sees_what_came_then(halves):
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
    names = [name for iteration in range(4) for name in plan[iteration].names]
    assert sorted(names[:4]) == sorted(names[4:]) == ["0", "1", "2", "3"]


def test_images_left_out_appear_nowhere(halves):
    plan = plan_of(halves.only({"0", "1"}))
    batches = [plan[iteration] for iteration in range(8)]
    assert {name for batch in batches for name in batch.names} == {"0", "1"}
    assert {donor.image for batch in batches for drawn in batch.donors for donor in drawn} == {"0", "1"}


def test_without_a_source_nothing_is_pasted(halves):
    assert plan_of(halves, paste=None)[0].donors == [[], []]


def test_an_image_that_vanished_is_a_sentence(halves, tmp_path):
    (tmp_path / "halves/images/2.png").unlink()
    with pytest.raises(UserError, match="images/2.png: the file does not exist"):
        list(load_batches(plan_of(halves), 0, 2, 0))
