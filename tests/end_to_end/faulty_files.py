"""Data set folders with sound and faulty files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (32, 48)


def png(pixels: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def picture(seed: int = 0) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8))


def write_pair(root: Path, name: str, image: bytes, label: bytes | None) -> None:
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "labels").mkdir(exist_ok=True)
    (root / "images" / f"{name}.png").write_bytes(image)
    if label is not None:
        (root / "labels" / f"{name}.png").write_bytes(label)


def faulty_folder(root: Path) -> dict[str, str]:
    """A data set with two sound images; the others with a part of the sentence that must name the fault."""
    sound = png(np.zeros(SIZE, np.uint8))
    write_pair(root, "sound_1", picture(1), sound)
    write_pair(root, "sound_2", picture(2), sound)
    write_pair(root, "no_label", picture(3), None)
    write_pair(root, "other_size", picture(4), png(np.zeros((16, 16), np.uint8)))
    write_pair(root, "no_picture", b"this is no picture", sound)
    write_pair(root, "truncated", picture(5)[:600], sound)
    write_pair(root, "empty", b"", sound)
    write_pair(root, "unknown_class", picture(6), png(np.full(SIZE, 77, np.uint8)))
    write_pair(root, "colour_label", picture(7), picture(8))
    (root / "classes.json").write_text(json.dumps({"class_space": "streets"}))
    return {
        "no_label": "does not exist",
        "other_size": "16×16",
        "no_picture": "no image Pillow can read",
        "truncated": "cannot be read",
        "empty": "no image Pillow can read",
        "unknown_class": "class id 77",
        "colour_label": "mode RGB",
    }
