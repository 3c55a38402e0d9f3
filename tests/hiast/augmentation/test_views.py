import subprocess
import sys

import numpy as np
import pytest
import torch

from hiast.augmentation import strong_view, views, weak_view


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def seeds(*numbers):
    """One generator per image."""
    return [seeded(number) for number in numbers]


def scene(height=40, width=70):
    """An image whose red channel is its label, 40 per class, so that both can be checked together."""
    label = np.indices((height, width)).sum(axis=0) // 20 % 5
    label = label.astype(np.uint8)
    image = np.repeat(label[..., None] * 40, 3, axis=2).astype(np.uint8)
    label[:3, :3] = 255
    return image, label


def test_the_weak_view_has_the_size_of_the_crop_and_only_old_labels():
    image, label = scene()
    generator = seeded()
    for _ in range(30):
        view, ids = weak_view(image, label, crop=(16, 32), crop_heights=(10, 30), generator=generator)
        assert view.shape == (16, 32, 3)
        assert view.dtype == ids.dtype == np.uint8
        assert ids.shape == (16, 32)
        assert set(np.unique(ids)) <= {0, 1, 2, 3, 4, 255}


def test_image_and_label_move_together():
    image, label = scene()
    label[:3, :3] = 0
    generator = seeded()
    for _ in range(20):
        view, ids = weak_view(image, label, crop=(48, 64), crop_heights=(12, 36), generator=generator)
        agreeing = np.abs(view[..., 0].astype(int) - 40 * ids.astype(int)) <= 20
        assert agreeing.mean() > 0.97


def test_torch_and_numpy_give_equal_views():
    image, label = scene()
    options = {"crop": (20, 24), "crop_heights": (10, 30)}
    view, ids = weak_view(image, label, generator=seeded(4), **options)
    tensor, tensor_ids = weak_view(
        torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(label), generator=seeded(4), **options
    )
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), view)
    np.testing.assert_array_equal(tensor_ids.numpy(), ids)


def test_the_seed_decides_the_weak_view_and_a_stored_state_continues_it():
    image, label = scene()
    options = {"crop": (20, 24), "crop_heights": (10, 30)}
    generator = seeded(9)
    weak_view(image, label, generator=generator, **options)
    state = generator.get_state()
    uninterrupted = [weak_view(image, label, generator=generator, **options) for _ in range(4)]
    resumed_generator = torch.Generator()
    resumed_generator.set_state(state)
    resumed = [weak_view(image, label, generator=resumed_generator, **options) for _ in range(4)]
    for expected, view in zip(uninterrupted, resumed, strict=True):
        np.testing.assert_array_equal(view[0], expected[0])
        np.testing.assert_array_equal(view[1], expected[1])
    assert any((view[1] != resumed[0][1]).any() for view in resumed[1:])


def test_half_of_the_weak_views_are_mirrored():
    label = np.tile(np.arange(8, dtype=np.uint8), (8, 1))
    image = np.zeros((8, 8, 3), np.uint8)
    generator = seeded()
    mirrored = 0
    for _ in range(300):
        _, ids = weak_view(image, label, crop=(8, 8), crop_heights=(8, 8), generator=generator)
        assert sorted(ids[0].tolist()) == list(range(8))
        mirrored += int(ids[0, 0] == 7)
    assert 110 < mirrored < 190


def test_regions_reach_the_smallest_and_largest_height_and_every_edge():
    label = np.arange(20 * 40).reshape(20, 40).astype(np.int32)
    image = np.zeros((20, 40, 3), np.uint8)
    generator = seeded()
    heights, corners = set(), set()
    for _ in range(800):
        _, ids = weak_view(image, label, crop=(64, 64), crop_heights=(17, 19), generator=generator)
        rows, columns = np.unique(ids // 40), np.unique(ids % 40)
        heights.add(len(rows))
        corners |= {rows[0], rows[-1], -columns[0], -columns[-1]}
    assert heights == {17, 18, 19}
    assert {0, 19, -39} <= corners


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (16, 32), (17, 31)])
@pytest.mark.parametrize("crop", [(16, 32), (33, 7)])
def test_images_smaller_than_the_region_work(size, crop):
    image, label = np.zeros((*size, 3), np.uint8), np.full(size, 2, np.uint8)
    generator = seeded()
    for _ in range(5):
        view, ids = weak_view(image, label, crop=crop, crop_heights=(100, 200), generator=generator)
        assert view.shape == (*crop, 3)
        assert (ids == 2).all()


def test_a_read_only_or_mirrored_array_is_fine():
    image, label = scene()
    image.flags.writeable = False
    view, _ = weak_view(
        image[:, ::-1], label[:, ::-1], crop=(8, 8), crop_heights=(8, 8), generator=seeded()
    )
    assert view.shape == (8, 8, 3)


def test_a_reversed_range_of_heights_is_refused():
    image, label = scene()
    with pytest.raises(ValueError, match="in order"):
        weak_view(image, label, crop=(8, 8), crop_heights=(9, 8), generator=seeded())


def test_the_strong_view_keeps_shape_and_range_and_changes_images():
    images = torch.rand(8, 3, 20, 24, generator=seeded(1))
    before = images.clone()
    view = strong_view(images, seeds(*range(8)))
    assert view.shape == images.shape
    assert view.dtype == torch.float32
    assert view.min() >= 0
    assert view.max() <= 1
    assert torch.equal(images, before)
    assert 4 <= sum(not torch.equal(a, b) for a, b in zip(view, images, strict=True)) <= 8


def test_the_seed_alone_decides_the_strong_view():
    images = torch.rand(4, 3, 20, 24, generator=seeded(1))
    torch.manual_seed(1)
    first = strong_view(images, seeds(7, 8, 9, 10))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = strong_view(images, seeds(7, 8, 9, 10))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(first, strong_view(images, seeds(8, 9, 10, 11)))


def test_a_batch_that_is_split_gives_the_same_views():
    images = torch.rand(6, 3, 20, 24, generator=seeded(1))
    whole = strong_view(images, seeds(*range(6)))
    parts = [strong_view(images[i : i + 2], seeds(i, i + 1)) for i in (0, 2, 4)]
    assert torch.equal(torch.cat(parts), whole)


def test_too_few_generators_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        strong_view(torch.zeros(3, 3, 4, 4), seeds(0, 1))


@pytest.mark.parametrize("operation", views._OPERATIONS, ids=lambda operation: operation.__name__)
@pytest.mark.parametrize("size", [(20, 24), (2, 2), (1, 1)])
def test_every_colour_operation_works_on_any_size_and_changes_a_photo(operation, size):
    image = torch.rand(1, 3, *size, generator=seeded(1))
    before = image.clone()
    changed = operation(image, seeded())
    assert torch.equal(image, before)
    assert 0 <= changed.min() <= changed.max() <= 1
    assert changed.shape == image.shape
    assert torch.isfinite(changed).all()
    if size == (20, 24):
        assert (changed - image).abs().mean() > 0.01


@pytest.mark.parametrize(("height", "largest_kernel"), [(512, 41), (128, 11), (8, 3)])
def test_blur_is_at_most_as_wide_as_the_crop_allows(height, largest_kernel):
    image = torch.zeros(1, 3, height, 64)
    image[..., height // 2, 32] = 1.0
    generator = seeded()
    widths = [int((views._blur(image, generator)[0, 0].amax(dim=1) > 0).sum()) for _ in range(60)]
    assert min(widths) == 3
    assert 0.8 * largest_kernel < max(widths) <= largest_kernel


def test_posterised_images_have_sixteen_levels():
    image = torch.linspace(0, 1, 512).expand(1, 3, 1, 512)
    assert len(views._posterise(image, seeded()).unique()) == 16


def test_every_operation_is_drawn(monkeypatch):
    drawn = set()

    def stand_in(index):
        return lambda image, _: (drawn.add(index), image)[1]

    monkeypatch.setattr(views, "_OPERATIONS", tuple(stand_in(index) for index in range(8)))
    strong_view(torch.zeros(100, 3, 2, 2), seeds(*range(100)))
    assert drawn == set(range(8))


def test_kornia_is_not_imported_before_it_is_needed():
    code = "import sys, hiast.augmentation; sys.exit('kornia' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
