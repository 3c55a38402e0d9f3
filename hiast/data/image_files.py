"""Reading images and ground-truth labels of a data set."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from hiast.contracts.class_spaces import CAMVID, IGNORED, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data import cityscapes, gta5, robotcar, synthia
from hiast.data.headers import read_header
from hiast.data.listing import file_below

__all__ = ["DAMAGED", "MAX_PIXELS", "file_below", "read_image", "read_label", "require_known_ids"]

MAX_PIXELS: Final = 8192 * 8192
"""Larger files are refused before they are decoded: this many take half a gigabyte while they are read."""
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


def _open(root: str, path: str) -> Image.Image:
    full = file_below(root, path)
    try:
        image = Image.open(full)
        _require_size(path, image.width, image.height)
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


def _require_size(path: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UserError(
            f"the image has {width}×{height} pixels, more than {MAX_PIXELS:,}.",
            where=path,
            remedy="Cut it into tiles.",
        )


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
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def read_label(spec: DatasetSpec, entry: ImageEntry) -> NDArray[np.uint8]:
    """Class ids of the space the data set is read in, (H, W) uint8, 255 = void.

    Raises UserError when there is no such label file, or when it does not have the form of its kind: class
    ids in one 8-bit channel (grey or paletted), RobotCar in the red of four, SYNTHIA in the red of 16-bit
    colour. A colour picture is refused.
    """
    if entry.label_path is None:
        raise UserError(f"image {entry.name!r} has no label.", where=spec.root)
    ids = _kind_ids(spec, entry.label_path)
    return robotcar.CLASSES_OF_CITYSCAPES[ids] if spec.class_space == "robotcar" else ids


def require_known_ids(ids: NDArray[np.uint8], classes: ClassSpace, label_path: str | None) -> None:
    """Raises UserError when a label (H, W) holds an id that is neither a class nor 255 = void."""
    wrong = ids[(ids >= classes.num_classes) & (ids != IGNORED)]
    if wrong.size:
        raise UserError(
            f"class id {wrong.min()} is not in class space {classes.name!r} "
            f"(0..{classes.num_classes - 1}, {IGNORED} = void).",
            where=label_path or "",
            remedy="Map it to a class or to 255.",
        )


def _kind_ids(spec: DatasetSpec, path: str) -> NDArray[np.uint8]:
    """Class ids in the space of the kind: what the file holds, through the kind's table."""
    if spec.kind == "synthia":
        return _synthia_ids(spec.root, path)
    if spec.kind == "robotcar":
        return robotcar.CLASSES[_red_channel(spec.root, path)]
    ids = _one_channel(spec.root, path)
    if spec.kind == "gta5":
        return gta5.TRAIN_IDS[ids]
    if spec.kind == "cityscapes" and cityscapes.holds_label_ids(path):
        return cityscapes.TRAIN_IDS[ids]
    if spec.kind == "camvid":
        # CamVid numbers void as the class behind the last.
        ids[ids >= CAMVID.num_classes] = IGNORED
    return ids


def _one_channel(root: str, path: str) -> NDArray[np.uint8]:
    image = _open(root, path)
    if image.mode not in ("L", "P", "1"):
        raise UserError(
            f"the label has mode {image.mode}, not class ids in one 8-bit channel.",
            where=path,
            remedy="Convert colours to class ids first.",
        )
    return np.array(image, dtype=np.uint8)


def _red_channel(root: str, path: str) -> NDArray[np.uint8]:
    image = _open(root, path)
    if image.mode not in ("RGB", "RGBA"):
        raise UserError(
            f"the label has mode {image.mode}; RobotCar labels are RGBA with the class id in red.",
            where=path,
            remedy="Use the annotations as they were downloaded.",
        )
    return np.array(image.getchannel(0))


def _synthia_ids(root: str, path: str) -> NDArray[np.uint8]:
    full = file_below(root, path)
    try:
        header = read_header(full)
        if header is not None:
            _require_size(path, header.width, header.height)
        return synthia.read_train_ids(full)
    except FileNotFoundError:
        raise UserError(
            "the file does not exist.", where=path, remedy="Put it there or correct the list."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"the file cannot be read ({error}).",
            where=path,
            remedy="Replace it by an intact copy of the download.",
        ) from error
