"""The generated scenes: equal from equal seeds, honest in their class frequencies, different in look."""

import numpy as np
import pytest

from hiast.contracts.class_spaces import IGNORED, STREETS
from hiast.contracts.datasets import StreetLook
from hiast.data.streets import render_scene

SIZE = (128, 256)
RARE = ("pole", "traffic sign", "person", "rider")


def shares(look: StreetLook) -> np.ndarray:
    counts = np.zeros(256, np.int64)
    for index in range(40):
        counts += np.bincount(render_scene(3, index, look, *SIZE)[1].ravel(), minlength=256)
    return counts / counts.sum()


@pytest.fixture(scope="module")
def class_shares() -> dict[str, np.ndarray]:
    return {look: shares(look) for look in ("source", "target")}


@pytest.mark.parametrize("look", ["source", "target"])
def test_equal_arguments_give_equal_bytes(look: StreetLook) -> None:
    first, second = render_scene(5, 2, look, *SIZE), render_scene(5, 2, look, *SIZE)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_another_index_or_seed_gives_another_scene() -> None:
    image, label = render_scene(5, 2, "source", *SIZE)
    for other_image, other_label in (
        render_scene(5, 3, "source", *SIZE),
        render_scene(6, 2, "source", *SIZE),
    ):
        assert not np.array_equal(image, other_image)
        assert not np.array_equal(label, other_label)


def test_picture_and_ground_truth_have_the_asked_size_and_known_ids() -> None:
    image, label = render_scene(1, 0, "target", 96, 160)
    assert image.shape == (96, 160, 3)
    assert label.shape == (96, 160)
    assert image.dtype == label.dtype == np.uint8
    assert set(np.unique(label)) <= {*range(STREETS.num_classes), IGNORED}


@pytest.mark.parametrize("look", ["source", "target"])
def test_every_class_occurs_and_rare_ones_are_rare(
    look: StreetLook, class_shares: dict[str, np.ndarray]
) -> None:
    share = class_shares[look]
    assert (share[: STREETS.num_classes] > 0).all()
    for name in RARE:
        assert share[STREETS.classes.index(name)] < 0.03
    assert share[STREETS.classes.index("road")] > 0.15


def test_both_looks_show_the_same_kind_of_street(class_shares: dict[str, np.ndarray]) -> None:
    assert np.abs(class_shares["source"] - class_shares["target"]).max() < 0.08


def test_dusk_is_darker_than_the_simulator_and_its_sky_is_not_blue() -> None:
    def brightness_and_blueness(look: StreetLook) -> tuple[float, float]:
        means, blue = [], []
        for index in range(6):
            image, label = render_scene(4, index, look, *SIZE)
            means.append(image.mean())
            sky = image[label == STREETS.classes.index("sky")].astype(float)
            blue.append((sky[:, 2] - sky[:, 0]).mean())
        return float(np.mean(means)), float(np.mean(blue))

    day, dusk = brightness_and_blueness("source"), brightness_and_blueness("target")
    assert dusk[0] < 0.9 * day[0]
    assert dusk[1] < day[1] - 30
