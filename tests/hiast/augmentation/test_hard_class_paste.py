import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.augmentation import paste_hard_classes

PARITY = Path(__file__).parents[2] / "parity"


@pytest.fixture(scope="module")
def recorded():
    with np.load(PARITY / "hpla_gta.npz") as file:
        return dict(file)


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_pasting_equals_the_recorded_trace(recorded, kind):
    trace = json.loads(str(recorded["meta"]))["trace"]
    for index, [[_, donor]] in enumerate(trace):
        arrays = [recorded[key][n] for n in (index, donor) for key in ("images", "labels")]
        if kind == "torch":
            arrays = [torch.from_numpy(np.moveaxis(a, -1, 0) if a.ndim == 3 else a) for a in arrays]
        image, label, mask = paste_hard_classes(*arrays, recorded["hard_classes"].tolist())
        if kind == "torch":
            image, label, mask = image.permute(1, 2, 0).numpy(), label.numpy(), mask.numpy()
        np.testing.assert_array_equal(image, recorded["out_images"][index])
        np.testing.assert_array_equal(label, recorded["out_labels"][index])
        np.testing.assert_array_equal(mask, recorded["out_paste_masks"][index])
        assert image.dtype == label.dtype == mask.dtype == np.uint8


def test_the_inputs_are_left_as_they_were(recorded):
    image, label = recorded["images"][0].copy(), recorded["labels"][0].copy()
    outputs = paste_hard_classes(image, label, recorded["images"][1], recorded["labels"][1], range(19))
    for output in outputs:
        output[:] = 7
    np.testing.assert_array_equal(image, recorded["images"][0])
    np.testing.assert_array_equal(label, recorded["labels"][0])


def test_255_is_never_copied_even_when_called_hard():
    image, label = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)
    donor_image, donor_label = np.full((4, 4, 3), 9, np.uint8), np.full((4, 4), 255, np.uint8)
    donor_label[0, 0] = 2
    pasted, new_label, mask = paste_hard_classes(image, label, donor_image, donor_label, [2, 255])
    assert new_label[0, 0] == mask[0, 0] == 2
    assert new_label.sum() == 2
    assert (mask == 255).sum() == 15
    assert pasted.sum() == 27


def test_without_hard_classes_nothing_is_pasted(recorded):
    arrays = [recorded[key][n] for n in (0, 1) for key in ("images", "labels")]
    image, label, mask = paste_hard_classes(*arrays, [])
    np.testing.assert_array_equal(image, arrays[0])
    np.testing.assert_array_equal(label, arrays[1])
    assert (mask == 255).all()


@pytest.mark.parametrize("donor_size", [(10, 31), (96, 64), (1, 1)])
def test_a_donor_of_another_size_is_resized_with_only_old_labels(donor_size):
    rng = np.random.default_rng(0)
    image, label = np.zeros((24, 48, 3), np.uint8), np.full((24, 48), 255, np.uint8)
    donor_label = rng.choice(np.array([3, 8, 255], np.uint8), donor_size)
    donor_label[0, 0] = 3
    donor_image = np.full((*donor_size, 3), 50, np.uint8)
    pasted, new_label, mask = paste_hard_classes(image, label, donor_image, donor_label, [3])
    assert pasted.shape == image.shape
    assert set(np.unique(new_label)) <= {3, 255}
    assert (new_label == 3).any()
    assert ((mask == 3) == (pasted[..., 0] == 50)).all()


def test_a_resized_donor_keeps_its_places():
    donor_label = np.zeros((4, 4), np.uint8)
    donor_label[:2, :2] = 5
    image, label = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)
    _, new_label, _ = paste_hard_classes(image, label, np.zeros((4, 4, 3), np.uint8), donor_label, [5])
    expected = np.zeros((8, 8), np.uint8)
    expected[:4, :4] = 5
    np.testing.assert_array_equal(new_label, expected)


def test_float_images_of_torch_stay_float():
    image, label = torch.rand(3, 6, 6), torch.zeros(6, 6, dtype=torch.int64)
    pasted, new_label, mask = paste_hard_classes(
        image, label, torch.rand(3, 9, 9), label.new_ones(9, 9), [1]
    )
    assert (pasted.dtype, new_label.dtype, mask.dtype) == (torch.float32, torch.int64, torch.uint8)
    assert (new_label == 1).all()


def test_a_label_of_another_size_than_its_image_is_refused():
    image, label = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8)
    with pytest.raises(ValueError, match=r"image is \(4, 4\), its label \(4, 5\)"):
        paste_hard_classes(image, label, image, label, [1])
