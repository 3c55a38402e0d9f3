"""The three domain shifts of the table: which images are source, target and validation.

`streets`: generated scenes, simulator look → dusk camera. `dusk`: CamVid by day → CamVid at dusk.
`night`: CamVid sequences 0006R0 and 0016E5 → Seq05VD under a fixed night look, adapted on every second
image and scored on the others. CamVid is read from a folder in the layout of the SegNet tutorial at
240×180 pixels (day_train.txt, dusk_train.txt, dusk_val.txt below it); it is not part of the project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.datasets import DatasetSpec, StreetsOptions
from hiast.data.camvid import list_camvid
from hiast.data.image_files import read_image, read_label

Roles = dict[str, DatasetSpec]
SETS: Final = ("streets", "dusk", "night")
NIGHT_SEED: Final = 5


def dataset_specs(name: str, camvid: Path, work: Path) -> Roles:
    """Source, target and validation of a set; writes the night images below `work` when first asked.

    The target's labels are read to score pseudo-labels, never to choose or train.
    """
    if name == "streets":
        return {
            "source": _streets(work / "streets" / "source", "source", 300, 7),
            "target": _streets(work / "streets" / "target", "target", 96, 11),
            "validation": _streets(work / "streets" / "validation", "target", 48, 23),
        }
    if name == "dusk":
        lists = {"source": "day_train.txt", "target": "dusk_train.txt", "validation": "dusk_val.txt"}
        return {
            role: DatasetSpec(kind="camvid", root=str(camvid), split=split) for role, split in lists.items()
        }
    return _night(camvid, work / "night")


def _streets(root: Path, look: str, count: int, seed: int) -> DatasetSpec:
    options = StreetsOptions.model_validate(
        {"look": look, "count": count, "seed": seed, "height": 176, "width": 352}
    )
    return DatasetSpec(kind="streets", root=str(root), streets=options)


def _night(camvid: Path, work: Path) -> Roles:
    specs = {
        role: DatasetSpec(kind="folder", root=str(work / role))
        for role in ("source", "target", "validation")
    }
    if (work / "complete").exists():
        return specs
    day = DatasetSpec(kind="camvid", root=str(camvid), split="day_train.txt")
    _, entries = list_camvid(day)
    evening = [entry for entry in entries if "Seq05VD" in entry.name]
    parts = {
        "source": [entry for entry in entries if "Seq05VD" not in entry.name],
        "target": evening[0::2],
        "validation": evening[1::2],
    }
    for role, chosen in parts.items():
        for index, entry in enumerate(chosen):
            pixels, label = read_image(day, entry), read_label(day, entry)
            if role != "source":
                rng = np.random.default_rng([NIGHT_SEED, role == "validation", index])
                pixels = night_look(pixels, rng)
            name = f"{Path(entry.name).name}.png"
            for kind, array in (("images", pixels), ("labels", label)):
                (work / role / kind).mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(work / role / kind / name)
        (work / role / "classes.json").write_text(json.dumps({"class_space": "camvid"}))
    (work / "complete").touch()
    return specs


def night_look(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A day image (H, W, 3) as a cheap camera might see it at night: dark, blue, hazy above, noisy."""
    height = np.linspace(0.0, 1.0, len(image))[:, None, None]
    light = (image / 255.0) ** 1.6 * 0.55 * np.array([0.85, 0.95, 1.15])
    seen = light * (0.6 + 0.4 * height) + 0.10 * (1.0 - height) + rng.normal(0.0, 0.03, image.shape)
    night: NDArray[np.uint8] = (seen.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
    return night
