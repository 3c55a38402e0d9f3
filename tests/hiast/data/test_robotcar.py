import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.class_spaces import CITYSCAPES, ROBOTCAR
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data import ImageSet, scan_dataset
from hiast.data.robotcar import CLASS_OF_CITYSCAPES_ID, CLASS_OF_RAW_ID, list_robotcar

MAPS = json.loads((Path(__file__).parents[2] / "parity/label_maps.json").read_text())


def spec_of(root, split, **options):
    return DatasetSpec(kind="robotcar", root=str(root), split=split, **options)


def write_tree(root, ids):
    """One image in train, one with its annotation in val."""
    ids = np.asarray(ids, np.uint8)
    for folder in ("train", "val", "anno"):
        (root / folder).mkdir()
    for path in ("train/1.png", "val/2.png"):
        Image.new("RGB", ids.shape[::-1]).save(root / path)
    rgba = np.stack([ids, np.full_like(ids, 77), np.full_like(ids, 99), np.full_like(ids, 255)], axis=-1)
    Image.fromarray(rgba).save(root / "anno/2.png")


def scan(spec):
    return scan_dataset(spec, lambda _progress: None)


def test_the_id_map_is_the_official_one():
    assert {int(raw): c for raw, c in MAPS["oxford_raw_to_9"].items()} == CLASS_OF_RAW_ID


def test_the_map_of_cityscapes_ids_is_the_official_one():
    official = {int(c): nine for c, nine in MAPS["cityscapes_train_id_to_oxford9"].items() if nine != 255}
    assert official == CLASS_OF_CITYSCAPES_ID


def test_classes_that_share_a_name_share_their_colour_and_follow_the_map():
    for train_id, nine in CLASS_OF_CITYSCAPES_ID.items():
        name = CITYSCAPES.classes[train_id]
        if name in ROBOTCAR.classes:
            assert ROBOTCAR.classes[nine] == name
            assert ROBOTCAR.colours[nine] == CITYSCAPES.colours[train_id]
    assert len(set(ROBOTCAR.classes) & set(CITYSCAPES.classes)) == 7


@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_classes_come_from_the_red_channel(tmp_path, check):
    write_tree(tmp_path, np.arange(256).reshape(16, 16))
    spec = spec_of(tmp_path, "val", check=check)
    found = scan(spec)
    ids = ImageSet.of(spec, found).read_label(found.entries[0]).reshape(-1)
    assert found.classes.name == "robotcar"
    assert [entry.name for entry in found.entries] == ["2"]
    assert ids.tolist() == [MAPS["oxford_raw_to_9"].get(str(raw), 255) for raw in range(256)]


def test_the_training_images_have_no_labels(tmp_path):
    write_tree(tmp_path, [[1]])
    found = scan(spec_of(tmp_path, "train"))
    assert [(entry.name, entry.image_path, entry.label_path) for entry in found.usable] == [
        ("1", "train/1.png", None)
    ]


@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_an_annotation_in_one_channel_is_refused(tmp_path, check):
    write_tree(tmp_path, [[1, 2]])
    Image.new("L", (2, 1)).save(tmp_path / "anno/2.png")
    (entry,) = scan(spec_of(tmp_path, "val", check=check)).entries
    assert "mode L; RobotCar labels are RGBA" in entry.problem


def test_missing_annotations_are_told(tmp_path):
    write_tree(tmp_path, [[1]])
    (tmp_path / "anno/2.png").unlink()
    assert "does not exist" in scan(spec_of(tmp_path, "val")).entries[0].problem
    (tmp_path / "anno").rmdir()
    with pytest.raises(UserError, match="no folder anno/ with labels"):
        list_robotcar(spec_of(tmp_path, "val"))
