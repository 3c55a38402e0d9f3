"""Reading images and ground-truth labels of a data set."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from hiast.contracts.class_spaces import CAMVID, IGNORED
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError

IMAGE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
MAX_PIXELS: Final = 200_000_000
"""Larger files are refused before they are decoded."""
DAMAGED: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises, depending on the format, for a file that is not intact."""


def file_below(root: str, path: str) -> Path:
    """The file `path` below `root`. Raises UserError when it leads out of it."""
    base = Path(root).resolve()
    full = (base / path).resolve()
    if not full.is_relative_to(base):
        raise UserError(
            f"path {path!r} leads out of the data set.", where=root, remedy="List paths below the root."
        )
    return full


def _open(root: str, path: str) -> Image.Image:
    full = file_below(root, path)
    try:
        image = Image.open(full)
        if image.width * image.height > MAX_PIXELS:
            raise UserError(
                f"the image has {image.width}×{image.height} pixels, more than {MAX_PIXELS:,}.",
                where=path,
                remedy="Cut it into tiles.",
            )
        image.load()
    except FileNotFoundError:
        raise UserError(
            "the file does not exist.", where=path, remedy="Put it there or correct the list."
        ) from None
    except UnidentifiedImageError:
        raise UserError(
            "the file is no image Pillow can read.", where=path, remedy="Save it as PNG or JPEG."
        ) from None
    except DAMAGED as error:
        raise UserError(
            f"the file cannot be read ({error}).", where=path, remedy="Replace it by an intact copy."
        ) from error
    return image


def read_image(spec: DatasetSpec, entry: ImageEntry) -> NDArray[np.uint8]:
    """RGB, (H, W, 3) uint8. Raises UserError when the file cannot be read or has deeper channels."""
    image = _open(spec.root, entry.image_path)
    # Pillow would clip these to white instead of scaling them.
    if image.mode == "F" or image.mode.startswith("I"):
        raise UserError(
            f"the image has mode {image.mode}, more than 8 bits per channel.",
            where=entry.image_path,
            remedy="Save it with 8 bits per channel.",
        )
    return np.asarray(image.convert("RGB"))


def read_label(spec: DatasetSpec, entry: ImageEntry) -> NDArray[np.uint8]:
    """Class ids, (H, W) uint8, 255 = void. Raises UserError when there is no such label file.

    The file must hold ids in one 8-bit channel (grey or paletted); a colour picture is refused.
    """
    if entry.label_path is None:
        raise UserError(f"image {entry.name!r} has no label.", where=spec.root)
    image = _open(spec.root, entry.label_path)
    if image.mode not in ("L", "P", "1"):
        raise UserError(
            f"the label has mode {image.mode}, not class ids in one 8-bit channel.",
            where=entry.label_path,
            remedy="Convert colours to class ids first.",
        )
    ids = np.array(image, dtype=np.uint8)
    if spec.kind == "camvid":
        # CamVid numbers void as the class behind the last.
        ids[ids >= CAMVID.num_classes] = IGNORED
    return ids
