import json

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import DatasetSpec
from hiast.data import ImageSet, scan_dataset

TWO_CLASSES = {
    "name": "halves",
    "classes": [{"name": "dark", "colour": [0, 0, 90]}, {"name": "bright", "colour": [250, 200, 0]}],
}


@pytest.fixture
def write_halves(tmp_path):
    """Write a `folder` data set of scenes whose bright part has class 1, and return its spec."""

    def write(count=4, height=32, width=48, where="halves", labelled=True):
        root, rng = tmp_path / where, np.random.default_rng(5)
        (root / "images").mkdir(parents=True)
        (root / "labels").mkdir()
        (root / "classes.json").write_text(json.dumps(TWO_CLASSES))
        for index in range(count):
            ids = np.zeros((height, width), np.uint8)
            ids[:, (index + 1) * width // (count + 1) :] = 1
            pixels = (60 + 140 * ids[..., None] + rng.integers(0, 40, (height, width, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(root / "images" / f"{index}.png")
            Image.fromarray(ids).save(root / "labels" / f"{index}.png")
        return DatasetSpec(kind="folder", root=str(root), labelled=labelled)

    return write


@pytest.fixture
def halves(write_halves):
    """Four opened scenes in two classes, 32×48."""
    spec = write_halves()
    return ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
