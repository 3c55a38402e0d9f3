import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data import ImageSet, scan_dataset
from hiast.data.cityscapes import TRAIN_ID_OF_LABEL_ID, list_cityscapes

MAPS = json.loads((Path(__file__).parents[2] / "parity/label_maps.json").read_text())


def spec_of(root, split="train", **options):
    return DatasetSpec(kind="cityscapes", root=str(root), split=split, **options)


def write_pair(root, stem, ids, ending="labelIds", split="train", size=None):
    """A pair of city/stem whose label file holds `ids`."""
    ids = np.asarray(ids, np.uint8)
    image = root / "leftImg8bit" / split / f"{stem}_leftImg8bit.png"
    label = root / "gtFine" / split / f"{stem}_gtFine_{ending}.png"
    for path in (image, label):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size or ids.shape[::-1], (90, 90, 90)).save(image)
    Image.fromarray(ids).save(label)


def open_set(spec):
    return ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))


def test_images_are_listed_city_by_city_with_short_names(tmp_path):
    for stem in ("b/b_0_1", "a/a_0_2", "a/a_0_1"):
        write_pair(tmp_path, stem, [[7, 8]])
    write_pair(tmp_path, "v/v_0_1", [[7]], split="val")
    (tmp_path / "leftImg8bit/train/a/._a_0_1_leftImg8bit.png").touch()
    (tmp_path / "leftImg8bit/license.txt").touch()
    classes, entries = list_cityscapes(spec_of(tmp_path))
    assert classes.name == "cityscapes"
    assert [entry.name for entry in entries] == ["a/a_0_1", "a/a_0_2", "b/b_0_1"]
    assert entries[0].image_path == "leftImg8bit/train/a/a_0_1_leftImg8bit.png"
    assert entries[0].label_path == "gtFine/train/a/a_0_1_gtFine_labelIds.png"


def test_the_label_ids_are_those_gta5_took_over():
    official = {int(raw): c for raw, c in MAPS["gta5_raw_to_train_id"].items()}
    assert official == TRAIN_ID_OF_LABEL_ID


def test_label_ids_become_train_ids_and_the_rest_void(tmp_path):
    write_pair(tmp_path, "a/a", np.arange(256).reshape(16, 16))
    images = open_set(spec_of(tmp_path))
    ids = images.read_label(images.entries[0]).reshape(-1)
    expected = [TRAIN_ID_OF_LABEL_ID.get(raw, 255) for raw in range(256)]
    assert ids.tolist() == expected
    assert (ids[7], ids[11], ids[26], ids[33], ids[0], ids[29]) == (0, 2, 13, 18, 255, 255)


def test_train_ids_are_preferred_and_read_as_they_are(tmp_path):
    write_pair(tmp_path, "a/a", [[7, 8, 0]])
    write_pair(tmp_path, "a/a", [[7, 18, 255]], ending="labelTrainIds")
    images = open_set(spec_of(tmp_path))
    assert images.read_label(images.entries[0]).tolist() == [[7, 18, 255]]


def test_the_nine_classes_of_robotcar(tmp_path):
    write_pair(tmp_path, "a/a", [[*range(19), 255]], ending="labelTrainIds")
    images = open_set(spec_of(tmp_path, class_space="robotcar"))
    assert images.classes.name == "robotcar"
    expected = [MAPS["cityscapes_train_id_to_oxford9"][str(train_id)] for train_id in range(19)]
    assert images.read_label(images.entries[0]).tolist() == [[*expected, 255]]


def test_a_missing_label_is_a_faulty_pair(tmp_path):
    write_pair(tmp_path, "a/a", [[7]])
    write_pair(tmp_path, "c/c", [[7]])
    (tmp_path / "gtFine/train/c/c_gtFine_labelIds.png").unlink()
    (tmp_path / "gtFine/train/c").rmdir()
    found = scan_dataset(spec_of(tmp_path), lambda _progress: None)
    assert [entry.name for entry in found.usable] == ["a/a"]
    assert "c_gtFine_labelIds.png: the file does not exist" in found.entries[1].problem


def test_the_test_split_has_no_labels(tmp_path):
    write_pair(tmp_path, "berlin/berlin_0", [[1]], split="test")
    _, entries = list_cityscapes(spec_of(tmp_path, split="test"))
    assert [entry.label_path for entry in entries] == [None]


def test_without_its_label_folder_the_remedy_is_to_leave_labels_unread(tmp_path):
    write_pair(tmp_path, "a/a", [[7]], split="val")
    (tmp_path / "leftImg8bit/train/a").mkdir(parents=True)
    with pytest.raises(UserError, match="no folder gtFine/train/ with labels.*not read"):
        list_cityscapes(spec_of(tmp_path))
    assert list_cityscapes(spec_of(tmp_path, labelled=False))[1] == []


def test_a_root_one_folder_too_deep_is_told(tmp_path):
    write_pair(tmp_path, "a/a", [[7]])
    with pytest.raises(UserError, match="no folder leftImg8bit/train/.*holds this one"):
        list_cityscapes(spec_of(tmp_path / "leftImg8bit", labelled=False))


def test_images_of_different_sizes_are_one_set(tmp_path):
    write_pair(tmp_path, "a/a", np.full((4, 6), 7))
    write_pair(tmp_path, "a/b", np.full((6, 10), 8))
    images = open_set(spec_of(tmp_path))
    assert [(entry.height, entry.width) for entry in images.entries] == [(4, 6), (6, 10)]
    assert [images.read_label(entry).shape for entry in images.entries] == [(4, 6), (6, 10)]
