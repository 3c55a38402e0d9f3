"""Any folder: images/ and, if there are labels, labels/ with the same names; classes.json says the ids."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from hiast.contracts.class_spaces import ClassSpace, class_space
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data.listing import images_below

CLASSES_FILE = "classes.json"
_FORMAT = (
    'Write {"class_space": "cityscapes"} for a built-in one, or '
    '{"name": "…", "classes": [{"name": "road", "colour": [128, 64, 128]}, …]} in order of id.'
)


def list_folder(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """Every image below images/, by name, with its label below labels/ (same name, .png).

    Raises UserError when images/ or classes.json is missing or malformed.
    """
    root = Path(spec.root)
    if not (root / "images").is_dir():
        raise UserError(
            "there is no folder images/.", where=spec.root, remedy="Put the images into images/."
        )
    has_labels = spec.labelled and (root / "labels").is_dir()
    entries = []
    for path in images_below(spec.root, "images"):
        name = str(PurePosixPath(path).with_suffix(""))
        label = f"labels/{name}.png" if has_labels else None
        entries.append(ImageEntry(name=name, image_path=f"images/{path}", label_path=label))
    return read_classes(root / CLASSES_FILE), entries


def read_classes(path: Path) -> ClassSpace:
    """The class space a classes.json describes. Raises UserError saying what the file should hold."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            "the file is missing; class ids mean nothing without it.", where=str(path), remedy=_FORMAT
        ) from None
    except OSError as error:
        raise UserError(
            f"the file cannot be read ({error.strerror}).", where=str(path), remedy=_FORMAT
        ) from error
    except ValueError as error:
        raise UserError(f"the file is no JSON ({error}).", where=str(path), remedy=_FORMAT) from error
    try:
        if "class_space" in content:
            return class_space(content["class_space"])
        space = ClassSpace(
            name=content.get("name", path.parent.name),
            classes=tuple(entry["name"] for entry in content["classes"]),
            colours=tuple(tuple(entry["colour"]) for entry in content["classes"]),
        )
        if not all(0 <= channel <= 255 for colour in space.colours for channel in colour):
            raise ValueError("a colour is three numbers in 0..255")
        return space
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            f"the file does not describe classes ({error}).", where=str(path), remedy=_FORMAT
        ) from error
