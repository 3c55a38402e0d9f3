"""CamVid in the layout of the SegNet tutorial: list files of "image label" pairs, 11 classes."""

from __future__ import annotations

from pathlib import Path

from hiast.contracts.class_spaces import CAMVID, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data.listing import file_below


def list_camvid(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """The pairs of the list file `spec.split`. Raises UserError when it is missing or malformed."""
    root = Path(spec.root)
    list_file = file_below(spec.root, spec.split or "")
    if not list_file.is_file():
        lists = ", ".join(sorted(path.name for path in root.glob("*.txt"))) or "none"
        raise UserError(
            f"list file {spec.split!r} does not exist.",
            where=str(list_file),
            remedy=f"Lists found there: {lists}.",
        )
    try:
        text = list_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the list file cannot be read ({error}).",
            where=str(list_file),
            remedy="Save it as UTF-8 text.",
        ) from error
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) > 2:
            raise UserError(
                f"line {number} has {len(words)} words: {line!r}.",
                where=str(list_file),
                remedy='Each line is "image label", paths relative to the root, without spaces.',
            )
        if "\0" in line:
            raise UserError(
                f"line {number} holds a NUL: {line!r}.", where=str(list_file), remedy="Save it as text."
            )
        label = words[1] if len(words) == 2 and spec.labelled else None
        name = str(Path(words[0]).with_suffix(""))
        entries.append(ImageEntry(name=name, image_path=words[0], label_path=label))
    return CAMVID, entries
