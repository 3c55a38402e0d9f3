import pytest
from pydantic import ValidationError

from hiast.contracts.datasets import (
    CITYSCAPES_ID_KINDS,
    SPLITS,
    DatasetScan,
    DatasetSpec,
    ImageEntry,
    StreetsOptions,
)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "camvid", "root": "r"},
        {"kind": "streets", "root": "r"},
        {"kind": "folder", "root": "r", "streets": StreetsOptions()},
        {"kind": "folder", "root": ""},
        {"kind": "folder", "root": "r", "limit": 0},
        {"kind": "folder", "root": "r", "unknown": 1},
        {"kind": "folder", "root": "r", "split": "train"},
        {"kind": "gta5", "root": "r", "split": "train"},
        {"kind": "cityscapes", "root": "r"},
        {"kind": "cityscapes", "root": "r", "split": "dev"},
        {"kind": "robotcar", "root": "r", "split": "test"},
        {"kind": "robotcar", "root": "r", "split": "val", "class_space": "robotcar"},
        {"kind": "folder", "root": "r", "class_space": "robotcar"},
        {"kind": "cityscapes", "root": "r", "split": "val", "class_space": "camvid"},
        {"kind": "folder", "root": "r", "check": "some"},
    ],
)
def test_contradictory_data_sets_are_refused(fields):
    with pytest.raises(ValidationError):
        DatasetSpec(**fields)


@pytest.mark.parametrize("kind", CITYSCAPES_ID_KINDS)
def test_sets_in_cityscapes_ids_may_be_read_in_robotcar_classes(kind):
    split = "val" if kind in SPLITS else None
    assert DatasetSpec(kind=kind, root="r", split=split, class_space="robotcar").check == "auto"


def test_a_missing_split_names_those_there_are():
    with pytest.raises(ValidationError, match="one of train, val, test; it is None"):
        DatasetSpec(kind="cityscapes", root="r")


def test_faulty_images_are_not_usable(halves):
    good, bad = (
        ImageEntry(name=name, image_path=name, problem=p) for name, p in (("a", None), ("b", "bad"))
    )
    assert DatasetScan(classes=halves.classes, entries=(good, bad)).usable == (good,)


@pytest.mark.parametrize(
    ("check", "images", "level"),
    [
        ("auto", 1000, "pixels"),
        ("auto", 1001, "headers"),
        ("pixels", 9999, "pixels"),
        ("headers", 1, "headers"),
    ],
)
def test_large_sets_are_checked_by_their_headers_unless_pixels_are_asked_for(check, images, level):
    assert DatasetSpec(kind="gta5", root="r", check=check).check_level(images) == level
