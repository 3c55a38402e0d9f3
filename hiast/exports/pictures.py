"""Labels as pictures of ids or colours, one or several an image."""

from __future__ import annotations

import io
import json
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.class_spaces import CITYSCAPES, IGNORED, ClassSpace
from hiast.contracts.errors import UserError
from hiast.data.cityscapes import TRAIN_ID_OF_LABEL_ID
from hiast.data.label_files import encode_ids
from hiast.exports.label import ExportedLabel

_LABEL_ID: Final = np.zeros(256, np.uint8)
for _label_id, _train_id in TRAIN_ID_OF_LABEL_ID.items():
    _LABEL_ID[_train_id] = _label_id


def ids(label: ExportedLabel, classes: ClassSpace) -> dict[str, bytes]:
    """Class ids, 255 ignored: a folder data set of this program reads it."""
    return {f"labels/{label.name}.png": encode_ids(label.ids, classes.palette())}


def classes_file(classes: ClassSpace) -> str:
    """classes.json of a folder data set: names and colours by class id."""
    listed = [
        {"name": name, "colour": list(colour)}
        for name, colour in zip(classes.classes, classes.colours, strict=True)
    ]
    return json.dumps({"name": classes.name, "classes": listed}, indent=1)


def cityscapes(label: ExportedLabel, classes: ClassSpace) -> dict[str, bytes]:
    """The three pictures of Cityscapes: trainIds (255 void), labelIds (0 unlabelled), colours (black void).

    Raises UserError as `require_cityscapes`.
    """
    require_cityscapes(classes)
    place = f"gtFine/{label.name}_gtFine_"
    colours = np.array(classes.palette(), np.uint8).reshape(256, 3)[label.ids]
    return {
        f"{place}labelTrainIds.png": _grey(label.ids),
        f"{place}labelIds.png": _grey(_LABEL_ID[label.ids]),
        f"{place}color.png": _png(Image.fromarray(colours)),
    }


def require_cityscapes(classes: ClassSpace) -> None:
    """Raise UserError for another class space: its ids mean other things."""
    if classes.classes != CITYSCAPES.classes:
        raise UserError(
            f"class space {classes.name!r} is not that of Cityscapes, whose ids the files would claim.",
            where="format",
            remedy="Choose ids or mmsegmentation.",
        )


def mmsegmentation(label: ExportedLabel, classes: ClassSpace) -> dict[str, bytes]:
    """Class ids with the palette, 255 ignored: `reduce_zero_label=False`."""
    return {f"ann_dir/{label.name}.png": encode_ids(label.ids, classes.palette())}


def mmsegmentation_meta(classes: ClassSpace) -> str:
    """`metainfo` of a BaseSegDataset."""
    meta = {"classes": list(classes.classes), "palette": [list(colour) for colour in classes.colours]}
    return json.dumps({"metainfo": meta, "reduce_zero_label": False, "ignore_index": IGNORED}, indent=1)


def fiftyone(label: ExportedLabel, classes: ClassSpace) -> dict[str, bytes]:  # noqa: ARG001
    """Class id + 1, and 0 for ignored: FiftyOne draws no pixel of the value 0.

    255 wraps to 0 by itself; so do 254 classes fit.
    """
    return {f"labels/{label.name}.png": _grey(label.ids + np.uint8(1))}


def mask_targets(classes: ClassSpace) -> str:
    """`mask_targets` of a FiftyOne data set."""
    return json.dumps({str(place + 1): name for place, name in enumerate(classes.classes)}, indent=1)


def panoptic(label: ExportedLabel, classes: ClassSpace) -> dict[str, bytes]:  # noqa: ARG001
    """One segment a class, its id (class id + 1) in the red channel; 0 is void."""
    colours = np.zeros((*label.ids.shape, 3), np.uint8)
    colours[..., 0] = label.ids + np.uint8(1)
    return {f"annotations/panoptic_default/{label.name}.png": _png(Image.fromarray(colours))}


def _grey(values: NDArray[np.uint8]) -> bytes:
    return _png(Image.fromarray(values, mode="L"))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()
