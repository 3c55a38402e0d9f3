import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data import ImageSet, scan_dataset
from hiast.data.gta5 import TRAIN_ID_OF_RAW_ID, list_gta5

MAPS = json.loads((Path(__file__).parents[2] / "parity/label_maps.json").read_text())


def write_pair(root, number, ids, size=None):
    """Pair NNNNN: an image and a paletted label of raw ids."""
    ids = np.asarray(ids, np.uint8)
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size or ids.shape[::-1]).save(root / f"images/{number:05d}.png")
    label = Image.fromarray(ids, mode="L")
    label.putpalette([(id_ * 7) % 256 for id_ in range(768)])
    label.save(root / f"labels/{number:05d}.png")


def scan(root, **options):
    spec = DatasetSpec(kind="gta5", root=str(root), **options)
    return spec, scan_dataset(spec, lambda _progress: None)


def test_the_id_map_is_the_official_one():
    assert {int(raw): c for raw, c in MAPS["gta5_raw_to_train_id"].items()} == TRAIN_ID_OF_RAW_ID


def test_raw_ids_are_read_from_the_palette_and_mapped(tmp_path):
    write_pair(tmp_path, 1, np.arange(256).reshape(16, 16))
    spec, found = scan(tmp_path)
    ids = ImageSet.of(spec, found).read_label(found.entries[0]).reshape(-1)
    assert found.classes.name == "cityscapes"
    assert ids.tolist() == [MAPS["gta5_raw_to_train_id"].get(str(raw), 255) for raw in range(256)]


def test_broken_pairs_are_listed_and_the_rest_stays_usable(tmp_path):
    write_pair(tmp_path, 1, np.full((8, 12), 7))
    write_pair(tmp_path, 2, np.full((8, 12), 7), size=(14, 8))
    write_pair(tmp_path, 3, np.full((9, 13), 7))
    write_pair(tmp_path, 4, np.full((8, 12), 7))
    (tmp_path / "labels/00004.png").unlink()
    _, found = scan(tmp_path)
    assert [entry.name for entry in found.usable] == ["00001", "00003"]
    assert "the label is 12×8, its image 14×8" in found.entries[1].problem
    assert "labels/00004.png: the file does not exist" in found.entries[3].problem


def test_a_colour_picture_in_place_of_ids_is_refused(tmp_path):
    write_pair(tmp_path, 1, [[7]])
    Image.new("RGB", (1, 1)).save(tmp_path / "labels/00001.png")
    _, found = scan(tmp_path)
    assert "mode RGB, not class ids" in found.entries[0].problem


def test_without_labels_the_images_alone_are_a_set(tmp_path):
    write_pair(tmp_path, 1, [[7]])
    (tmp_path / "labels/00001.png").unlink()
    (tmp_path / "labels").rmdir()
    _, found = scan(tmp_path, labelled=False)
    assert [(entry.name, entry.label_path) for entry in found.usable] == [("00001", None)]
    with pytest.raises(UserError, match="no folder labels/ with labels"):
        list_gta5(DatasetSpec(kind="gta5", root=str(tmp_path)))


def test_it_can_be_read_in_the_nine_classes_of_robotcar(tmp_path):
    write_pair(tmp_path, 1, [[7, 23, 24, 0, 17]])
    spec, found = scan(tmp_path, class_space="robotcar")
    assert found.classes.name == "robotcar"
    assert ImageSet.of(spec, found).read_label(found.entries[0]).tolist() == [[8, 0, 1, 255, 255]]
