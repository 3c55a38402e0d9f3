import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from hiast.contracts.class_spaces import SYNTHIA_13, SYNTHIA_16
from hiast.contracts.datasets import DatasetSpec
from hiast.data import ImageSet, scan_dataset
from hiast.data.synthia import TRAIN_ID_OF_RAW_ID, read_train_ids

MAPS = json.loads((Path(__file__).parents[2] / "parity/label_maps.json").read_text())


def write_pair(root, name, ids):
    """A pair whose label has the class in red and an instance number in green, 16 bits each."""
    ids = np.asarray(ids, np.uint16)
    for folder in ("RGB", "GT/LABELS"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", ids.shape[::-1]).save(root / f"RGB/{name}.png")
    blue_green_red = np.stack([np.zeros_like(ids), np.full_like(ids, 4321), ids], axis=-1)
    cv2.imwrite(str(root / f"GT/LABELS/{name}.png"), blue_green_red)


def scan(root, **options):
    spec = DatasetSpec(kind="synthia", root=str(root), **options)
    return spec, scan_dataset(spec, lambda _progress: None)


def test_the_id_map_is_the_official_one():
    assert {int(raw): c for raw, c in MAPS["synthia_raw_to_train_id"].items()} == TRAIN_ID_OF_RAW_ID


def test_the_class_lists_leave_out_what_synthia_lacks():
    assert set(range(19)) - set(SYNTHIA_16) == {9, 14, 16}
    assert set(SYNTHIA_16) - set(SYNTHIA_13) == {3, 4, 5}
    assert (len(SYNTHIA_16), len(SYNTHIA_13)) == (16, 13)


@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_classes_come_from_the_red_sixteen_bit_channel(tmp_path, check):
    write_pair(tmp_path, "0000000", [[*range(24), 300, 65535]])
    spec, found = scan(tmp_path, check=check)
    expected = [MAPS["synthia_raw_to_train_id"].get(str(raw), 255) for raw in range(24)]
    assert found.classes.name == "cityscapes"
    assert ImageSet.of(spec, found).read_label(found.entries[0]).tolist() == [[*expected, 255, 255]]


def test_a_fourth_channel_changes_nothing(tmp_path):
    pixels = np.full((1, 2, 4), 65535, np.uint16)
    pixels[:, :, 2] = [[3, 10]]
    cv2.imwrite(str(tmp_path / "l.png"), pixels)
    assert read_train_ids(tmp_path / "l.png").tolist() == [[0, 11]]


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((4, 4, 3), np.uint8), "3 channel(s) of 8 bits"),
        (np.zeros((4, 4), np.uint16), "1 channel(s) of 16 bits"),
    ],
)
@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_a_label_of_another_form_is_refused(tmp_path, pixels, words, check):
    write_pair(tmp_path, "0000000", np.zeros((4, 4)))
    cv2.imwrite(str(tmp_path / "GT/LABELS/0000000.png"), pixels)
    _, found = scan(tmp_path, check=check)
    assert words in found.entries[0].problem


@pytest.mark.parametrize("length", [0, 60, -20])
@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_a_truncated_label_is_a_faulty_pair(tmp_path, length, check):
    rng = np.random.default_rng(1)
    for name in ("0000000", "0000001"):
        write_pair(tmp_path, name, rng.integers(0, 23, (16, 16)))
    label = tmp_path / "GT/LABELS/0000000.png"
    label.write_bytes(label.read_bytes()[:length])
    _, found = scan(tmp_path, check=check)
    assert [entry.name for entry in found.usable] == ["0000001"]
    assert "GT/LABELS/0000000.png: the file cannot be read" in found.entries[0].problem


def test_a_missing_label_is_a_faulty_pair(tmp_path):
    write_pair(tmp_path, "0000000", [[3]])
    (tmp_path / "GT/LABELS/0000000.png").unlink()
    _, found = scan(tmp_path)
    assert "GT/LABELS/0000000.png: the file does not exist" in found.entries[0].problem
