import pytest
from pydantic import ValidationError

from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry, StreetsOptions


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "camvid", "root": "r"},
        {"kind": "streets", "root": "r"},
        {"kind": "folder", "root": "r", "streets": StreetsOptions()},
        {"kind": "folder", "root": ""},
        {"kind": "folder", "root": "r", "limit": 0},
        {"kind": "folder", "root": "r", "unknown": 1},
    ],
)
def test_contradictory_data_sets_are_refused(fields):
    with pytest.raises(ValidationError):
        DatasetSpec(**fields)


def test_faulty_images_are_not_usable(halves):
    good, bad = (
        ImageEntry(name=name, image_path=name, problem=p) for name, p in (("a", None), ("b", "bad"))
    )
    assert DatasetScan(classes=halves.classes, entries=(good, bad)).usable == (good,)
