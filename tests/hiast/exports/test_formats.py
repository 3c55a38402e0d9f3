"""Every format holds the label pixel by pixel, read back the way its own tool reads it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from hiast.contracts.class_spaces import CITYSCAPES, STREETS
from hiast.contracts.errors import UserError
from hiast.data.folder import read_classes
from hiast.exports import FORMATS, ExportedLabel, export_labels
from hiast.exports.runs import brush_runs, coco_counts, run_lengths

CLASSES = CITYSCAPES
NAMES = ["aachen/a_000001", 'strange/ü <&"quote>', "weimar/empty", "weimar/full"]


def made(name):
    """Patches with ignored stripes; one label without any class, one of a single class."""
    rng = np.random.default_rng(NAMES.index(name))
    if name.endswith("empty"):
        return np.full((13, 17), 255, np.uint8)
    if name.endswith("full"):
        return np.full((9, 40), 18, np.uint8)
    cells = rng.integers(0, CLASSES.num_classes, (5, 7), np.uint8)
    ids = np.kron(cells, np.ones((8, 9), np.uint8))[:37, :61].copy()
    ids[rng.random(ids.shape) < 0.2] = 255
    return ids


def export(name, out, names=NAMES, classes=CLASSES, read=made, fingerprint="one", told=lambda _p: None):
    def exported(image):
        return ExportedLabel(image, read(image))

    return export_labels(name, names, exported, classes, out, fingerprint, told)


def array(path):
    with Image.open(path) as image:
        return np.array(image)


def check(read_back):
    for name in NAMES:
        np.testing.assert_array_equal(read_back(name), made(name))


def from_masks(size, masks):
    """Class ids of masks that may not overlap."""
    ids = np.full(size, 255, np.uint8)
    for class_id, mask in masks:
        assert (ids[mask] == 255).all()
        ids[mask] = class_id
    return ids


def test_ids_are_a_folder_data_set(tmp_path):
    assert export("ids", tmp_path) == ["classes.json"]
    check(lambda name: array(tmp_path / "labels" / f"{name}.png"))
    assert read_classes(tmp_path / "classes.json").classes == CLASSES.classes


def test_cityscapes_has_its_three_pictures(tmp_path):
    export("cityscapes", tmp_path)
    place = tmp_path / "gtFine"
    check(lambda name: array(place / f"{name}_gtFine_labelTrainIds.png"))
    labels = array(place / f"{NAMES[0]}_gtFine_labelIds.png")
    ids = made(NAMES[0])
    assert (labels[ids == 255] == 0).all()
    assert set(np.unique(labels[ids == 18])) == {33}
    assert set(np.unique(labels[ids == 0])) <= {7}
    colour = array(place / f"{NAMES[3]}_gtFine_color.png")
    assert (colour == CLASSES.colours[18]).all()
    with pytest.raises(UserError, match="is not that of Cityscapes"):
        export("cityscapes", tmp_path / "other", classes=STREETS)


def test_mmsegmentation_ignores_255(tmp_path):
    export("mmsegmentation", tmp_path)
    check(lambda name: array(tmp_path / "ann_dir" / f"{name}.png"))
    meta = json.loads((tmp_path / "metainfo.json").read_text())
    assert meta["metainfo"]["classes"][13] == "car"
    assert meta["reduce_zero_label"] is False


def test_fiftyone_draws_every_class_but_not_what_is_ignored(tmp_path):
    export("fiftyone", tmp_path)
    check(lambda name: array(tmp_path / "labels" / f"{name}.png") - np.uint8(1))
    targets = json.loads((tmp_path / "mask_targets.json").read_text())
    assert targets["1"] == "road"
    assert "0" not in targets


def test_coco_is_read_by_pycocotools(tmp_path, capsys):
    export("coco", tmp_path)
    coco = COCO(tmp_path / "annotations" / "instances_default.json")
    capsys.readouterr()
    images = {image["file_name"].removesuffix(".png"): image for image in coco.imgs.values()}
    assert set(images) == set(NAMES)

    def read_back(name):
        image = images[name]
        found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        for annotation in found:
            mask = coco.annToMask(annotation).astype(bool)
            assert annotation["area"] == mask.sum()
            assert annotation["bbox"] == coco_mask.toBbox(annotation["segmentation"]).tolist()
        masks = [(one["category_id"] - 1, coco.annToMask(one).astype(bool)) for one in found]
        return from_masks((image["height"], image["width"]), masks)

    check(read_back)
    assert coco.cats[19]["name"] == "bicycle"


def test_masks_are_compressed_as_pycocotools_does():
    rng = np.random.default_rng(0)
    for share in (0.0, 0.02, 0.5, 0.97, 1.0):
        mask = rng.random((67, 45)) < share
        theirs = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
        assert coco_counts(mask) == theirs


def test_panoptic_segments_are_those_of_the_picture(tmp_path):
    export("coco_panoptic", tmp_path)
    told = json.loads((tmp_path / "annotations" / "panoptic_default.json").read_text())
    files = {image["id"]: image for image in told["images"]}
    entries = {entry["file_name"].removesuffix(".png"): entry for entry in told["annotations"]}

    def read_back(name):
        colours = array(tmp_path / "annotations" / "panoptic_default" / f"{name}.png").astype(np.uint32)
        segments = colours[..., 0] + 256 * colours[..., 1] + 65536 * colours[..., 2]
        listed = {segment["id"]: segment for segment in entries[name]["segments_info"]}
        assert set(np.unique(segments)) - {0} == set(listed)
        assert all((segments == key).sum() == segment["area"] for key, segment in listed.items())
        assert files[entries[name]["image_id"]]["width"] == colours.shape[1]
        masks = [(segment["category_id"] - 1, segments == key) for key, segment in listed.items()]
        return from_masks(segments.shape, masks)

    check(read_back)


def test_cvat_masks_are_run_lengths_in_their_box(tmp_path):
    export("cvat", tmp_path)
    root = ElementTree.parse(tmp_path / "annotations.xml").getroot()
    images = {image.get("name").removesuffix(".png"): image for image in root.iter("image")}
    names = [label.find("name").text for label in root.iter("label")]
    assert names == list(CLASSES.classes)

    def read_back(name):
        image = images[name]
        size = int(image.get("height")), int(image.get("width"))
        masks = []
        for mask in image.iter("mask"):
            left, top, width, height = (int(mask.get(key)) for key in ("left", "top", "width", "height"))
            lengths = [int(length) for length in mask.get("rle").split(",")]
            inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(height, width)
            whole = np.zeros(size, bool)
            whole[top : top + height, left : left + width] = inside
            masks.append((names.index(mask.get("label")), whole))
        return from_masks(size, masks)

    check(read_back)


def decode_brush(values):
    """A brush as Label Studio's own reader unpacks it: a stream of bits."""
    bits = "".join(f"{value:08b}" for value in values)
    at = 0

    def read(count):
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    number, width = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    out = []
    while len(out) < number:
        is_run = read(1)
        length = read(sizes[read(2)]) + 1
        out += [read(width)] * length if is_run else [read(width) for _ in range(length)]
    assert len(bits) - at < 8
    return np.array(out, np.uint8)


def test_label_studio_brushes_are_rgba(tmp_path):
    export("label_studio", tmp_path)
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    by_name = {task["data"]["image"].removesuffix(".png"): task for task in tasks}

    def read_back(name):
        size, masks = made(name).shape, []
        for region in by_name[name]["predictions"][0]["result"]:
            assert (region["original_height"], region["original_width"]) == size
            pixels = decode_brush(region["value"]["rle"]).reshape(*size, 4)
            assert (pixels == pixels[..., :1]).all()
            (label,) = region["value"]["brushlabels"]
            masks.append((CLASSES.classes.index(label), pixels[..., 3] > 0))
        return from_masks(size, masks)

    check(read_back)
    config = ElementTree.parse(tmp_path / "label_config.xml").getroot()
    assert [label.get("value") for label in config.iter("Label")] == list(CLASSES.classes)


def test_long_runs_of_a_brush_are_split():
    mask = np.zeros((300, 400), bool)
    mask[100:250] = True
    np.testing.assert_array_equal(decode_brush(brush_runs(mask)), np.repeat(mask.ravel(), 4) * 255)


def test_datumaro_items_hold_coco_masks(tmp_path):
    export("datumaro", tmp_path)
    told = json.loads((tmp_path / "annotations" / "default.json").read_text())
    items = {item["id"]: item for item in told["items"]}

    def read_back(name):
        item = items[name]
        masks = [
            (one["label_id"], coco_mask.decode(one["rle"]).astype(bool)) for one in item["annotations"]
        ]
        return from_masks(item["image"]["size"], masks)

    check(read_back)
    assert told["categories"]["label"]["labels"][0]["name"] == "road"


@pytest.mark.parametrize("mask", [[], [True], [False, True], [True, True, False]])
def test_run_lengths_begin_outside(mask):
    lengths = run_lengths(np.array(mask, bool))
    assert np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).tolist() == mask


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_an_interrupted_export_goes_on_and_is_the_same(tmp_path, name):
    export(name, tmp_path / "whole")
    read = []

    def stop_at_the_third(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(name, tmp_path / "cut", told=stop_at_the_third)

    def noted(image):
        read.append(image)
        return made(image)

    with pytest.raises(UserError, match="of other labels or in another format"):
        export(name, tmp_path / "cut", fingerprint="two")
    export(name, tmp_path / "cut", read=noted)
    assert read == NAMES[3:]
    files = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*"))
    assert files == sorted(path.relative_to(tmp_path / "cut") for path in (tmp_path / "cut").rglob("*"))
    for file in files:
        if (tmp_path / "whole" / file).is_file():
            assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="the folder is not empty"):
        export("ids", tmp_path)
    with pytest.raises(UserError, match="there is no format 'voc'"):
        export("voc", tmp_path / "b")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["notes.txt"]
    with pytest.raises(UserError, match="leads out"):
        export("ids", tmp_path / "c", names=["../../out"], read=lambda _name: made(NAMES[3]))
    assert not (tmp_path.parent / "out.png").exists()
