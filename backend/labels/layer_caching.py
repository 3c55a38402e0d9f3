"""What a cache may keep of a label's layers, and how it asks whether they are unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from backend.labels.layers import LabelFiles, photo
from backend.labels.schemas import Layer
from hiast.data.image_files import file_below

FOR_EVER: Final = "private, max-age=31536000, immutable"
ASK_AGAIN: Final = "private, no-cache"
OF_THE_DATA_SET: Final = "private, max-age=60"
"""Files that belong to people, who may mend them: asked about after a minute."""


def entity_tag(files: LabelFiles, layer: Layer, *, raw: bool, term: str) -> str:
    """The layer's ETag, found without rendering anything. Raises NotFoundError when the photo is gone.

    Weak, because the same layer may travel compressed or not.
    """
    if layer == "image":
        photo(files)
        return _file_tag(files, layer, files.entry.image_path)
    if layer == "ground-truth" and files.entry.label_path is not None:
        return _file_tag(files, f"{layer}-{raw}", files.entry.label_path)
    parts = [files.digest, layer, "raw" if raw else "png"]
    if layer == "hard-class":
        parts.append(".".join(map(str, files.hard_classes or ())))
    if layer == "region-weight":
        parts.append(term)
    return f'W/"{"-".join(parts)}"'


def pixels_tag(files: LabelFiles) -> str:
    """The ETag of all stored pixels together. Weak, because they may travel compressed or not."""
    return f'W/"{files.digest}-pixels"'


def _file_tag(files: LabelFiles, layer: str, path: str) -> str:
    full: Path = file_below(files.dataset.root, path)
    try:
        stat = full.stat()
    except FileNotFoundError:
        return f'W/"{layer}-gone"'
    return f'W/"{layer}-{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def cache_control(files: LabelFiles, layer: Layer, version: str | None) -> str:
    """How long the layer may be kept. Only with the present digest for ever: an old address shows what
    is there now, but must not be remembered as what it was."""
    if layer in ("image", "ground-truth"):
        return OF_THE_DATA_SET
    if layer == "hard-class" and files.hard_classes is None:
        return ASK_AGAIN
    return pixels_cache_control(files, version)


def pixels_cache_control(files: LabelFiles, version: str | None) -> str:
    """How long what the label's files hold may be kept."""
    return FOR_EVER if version == files.digest else ASK_AGAIN
