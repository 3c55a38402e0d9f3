"""The published experiments from warm-up to report, on tiny data sets in the real layouts."""

import cv2
import numpy as np
import pytest
from PIL import Image

from hiast.recipes import build_spec, load_recipe
from hiast.rounds.run import run

SIZE = (48, 96)
TINY = {
    "model.base_width": 8, "rounds": 1, "compute.precision": "float32", "labelling.size": [32, 64],
    "evaluation.size": [32, 64], "selection.initial_threshold": 0.3,
    "warm_up.iterations": 1, "warm_up.batch_size": 2, "warm_up.crop": [32, 64],
    "warm_up.crop_heights": [32, 48], "training.iterations": 1, "training.batch_size": 2,
    "training.crop": [32, 64], "training.crop_heights": [32, 48],
}  # fmt: skip


def write_image(path, seed, size=SIZE):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def ids(known, seed, size=SIZE):
    """A label map of a few large regions in the given raw ids."""
    coarse = np.random.default_rng(seed).choice(known, (size[0] // 16, -(-size[1] // 16)))
    return np.repeat(np.repeat(coarse, 16, 0), 16, 1)[:, : size[1]].astype(np.uint8)


def write_label(path, label):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(label).save(path)


def gta5(root):
    for index, size in enumerate([SIZE, (48, 90)]):
        write_image(root / f"images/{index:05d}.png", index, size)
        write_label(root / f"labels/{index:05d}.png", ids([7, 8, 11, 23, 26], index, size))
    return {"kind": "gta5", "root": str(root)}


def synthia(root):
    (root / "GT/LABELS").mkdir(parents=True)
    for index in range(2):
        write_image(root / f"RGB/{index:07d}.png", index)
        red = ids([1, 2, 3, 4, 8], index).astype(np.uint16)
        cv2.imwrite(str(root / f"GT/LABELS/{index:07d}.png"), np.stack([red * 0, red * 0, red], -1))
    return {"kind": "synthia", "root": str(root)}


def cityscapes(root, split, **options):
    for index in range(2):
        stem = f"{split}/city/city_{index}_1"
        write_image(root / f"leftImg8bit/{stem}_leftImg8bit.png", index)
        write_label(root / f"gtFine/{stem}_gtFine_labelIds.png", ids([7, 8, 11, 23, 26], index))
    return {"kind": "cityscapes", "root": str(root), "split": split, **options}


def robotcar(root, split):
    for index in range(2):
        write_image(root / f"{split}/{index}.png", index)
        rgba = np.stack([ids([1, 4, 7, 10, 11], index)] * 4, -1)
        write_label(root / f"anno/{index}.png", rgba)
    return {"kind": "robotcar", "root": str(root), "split": split}


@pytest.mark.parametrize(
    ("recipe", "classes", "means"),
    [
        ("gta5_to_cityscapes", 19, set()),
        ("iast_gta5_to_cityscapes", 19, set()),
        ("cbst_gta5_to_cityscapes", 19, set()),
        ("synthia_to_cityscapes", 19, {"mIoU13"}),
        ("cityscapes_to_robotcar", 9, set()),
    ],
)
def test_a_published_recipe_runs_from_warm_up_to_report(tmp_path, recipe, classes, means):
    if recipe == "cityscapes_to_robotcar":
        source = cityscapes(tmp_path / "source", "train", class_space="robotcar")
        target, validation = robotcar(tmp_path / "target", "train"), robotcar(tmp_path / "target", "val")
    else:
        write_source = synthia if recipe.startswith("synthia") else gta5
        source = write_source(tmp_path / "source")
        target = cityscapes(tmp_path / "target", "train", labelled=False)
        validation = cityscapes(tmp_path / "target", "val")
    roles = {"source": source, "target": target, "validation": validation}
    spec = build_spec(load_recipe(recipe), overrides={**TINY, **roles})
    result = run(spec, tmp_path / "out", lambda _progress: None)
    teacher = result.networks[-1].evaluation
    assert len(teacher.class_iou) == classes
    assert set(teacher.further_means) == means
    assert 0.0 <= teacher.mean_iou <= 1.0
    assert (tmp_path / "out/report.html").is_file()
