"""A few images of a round with their labels, small enough to lie inside a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.class_spaces import IGNORED, Colour
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport
from hiast.data import ImageSet
from hiast.data.corrections import DecidedLabels
from hiast.data.label_files import encode_ids

MAX_WIDTH: Final = 480
"""Largest width of an image in a page, pixels."""

REASONS: Final[dict[Reason, tuple[str, Colour]]] = {
    Reason.KEPT: ("kept", (255, 255, 255)),
    Reason.BELOW_THRESHOLD: ("below threshold", (90, 90, 90)),
    Reason.INCONSISTENT: ("neighbours disagree", (230, 160, 40)),
    Reason.VOID: ("void", (0, 0, 0)),
    Reason.VETOED: ("vetoed in review", (220, 50, 50)),
    Reason.CORRECTED: ("corrected in review", (50, 120, 220)),
}
"""What a reason is called and drawn as."""


class Example(NamedTuple):
    """An image of a page. `photo`, `label`, `reason` are data: URIs; `rank` says why it was chosen."""

    rank: str
    name: str
    kept_share: float
    photo: str
    label: str
    reason: str


def choose_examples(labels: Sequence[LabelReport]) -> list[tuple[str, LabelReport]]:
    """At most two labels each of lowest, median and highest kept share; each label once."""
    ordered = sorted(labels, key=lambda label: label.kept_share)
    middle = len(ordered) // 2
    places = (
        ("lowest", (0, 1)),
        ("highest", (len(ordered) - 2, len(ordered) - 1)),
        ("median", (middle - 1, middle)),
    )
    ranks: dict[int, str] = {}
    for rank, wanted in places:
        for place in wanted:
            if 0 <= place < len(ordered):
                ranks.setdefault(place, rank)
    return [(ranks[place], ordered[place]) for place in sorted(ranks)]


def read_examples(
    images: ImageSet, files: DecidedLabels, labels: Sequence[LabelReport]
) -> tuple[list[Example], list[Reason]]:
    """The chosen examples as they were trained on, and the reasons that occur in them.

    Raises UserError for an image or label file that is missing or damaged, KeyError for a label whose
    image is not in the set.
    """
    examples, seen = [], set[int]()
    for rank, label in choose_examples(labels):
        photo = images.read_image(images.entry(label.name))
        ids, reasons = files.read(label.name, images.classes.num_classes)
        kept, reason = _fewer_pixels(ids), _fewer_pixels(reasons)
        seen.update(np.unique(reason).tolist())
        # Without a label the page's own colour shows, which no class has.
        alpha = bytes(0 if value == IGNORED else 255 for value in range(256))
        example = Example(
            rank,
            label.name,
            label.kept_share,
            _data_uri("jpeg", _jpeg(photo)),
            _data_uri("png", encode_ids(kept, images.classes.palette(), alpha)),
            _data_uri("png", encode_ids(reason, _reason_palette())),
        )
        examples.append(example)
    return examples, [reason for reason in REASONS if reason in seen]


def _fewer_pixels(ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ids (H, W) at most MAX_WIDTH wide, each the nearest one: ids cannot be averaged."""
    height, width = _size(ids)
    resized = Image.fromarray(ids).resize((width, height), Image.Resampling.NEAREST)
    return np.array(resized, dtype=np.uint8)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    height, width = _size(pixels)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX).save(out, "JPEG", quality=82)
    return out.getvalue()


def _size(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    shrink = min(1.0, MAX_WIDTH / width)
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _reason_palette() -> list[int]:
    colours = [REASONS[reason][1] for reason in sorted(Reason)]
    return [channel for colour in colours for channel in colour]


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
