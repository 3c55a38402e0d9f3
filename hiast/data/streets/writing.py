"""Writes a series of generated scenes as a `folder` data set, once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from hiast.contracts.class_spaces import STREETS
from hiast.contracts.datasets import StreetsOptions
from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.atomic_files import write_atomically
from hiast.data.streets.scene import render_scene

MARKER = "streets.json"
"""File in the data set's root that says what its pictures were generated from."""
RENDERER_VERSION = 1
"""Raised whenever equal options give other pictures, so that old and new ones never mix."""


class _Marker(BaseModel):
    model_config = ConfigDict(extra="forbid")

    renderer: int
    options: StreetsOptions


def scene_names(options: StreetsOptions) -> Iterator[str]:
    """File stems of the series: 00000, 00001, ..."""
    return (f"{index:05d}" for index in range(options.count))


def write_streets(root: Path, options: StreetsOptions, on_progress: OnProgress | None = None) -> None:
    """Generate the scenes of `options` into images/, labels/ and classes.json below `root`.

    Scenes already there are kept, so an interrupted run goes on where it stopped and a finished
    one returns at once. Raises UserError if `root` holds scenes of other options, or other data.
    """
    _claim(root, options)
    missing = [
        (index, name) for index, name in enumerate(scene_names(options)) if not _is_written(root, name)
    ]
    present = options.count - len(missing)
    for done, (index, name) in enumerate(missing, start=present + 1):
        image, label = render_scene(options.seed, index, options.look, options.height, options.width)
        write_atomically(root / "labels" / f"{name}.png", _label_png(label))
        write_atomically(root / "images" / f"{name}.png", _png(Image.fromarray(image)))
        if on_progress is not None:
            message = f"generated scene {name} ({options.look})"
            on_progress(Progress(stage="scan", done=done, total=options.count, message=message))


def _claim(root: Path, options: StreetsOptions) -> None:
    """Mark `root` as the place of these scenes, or raise if it is the place of something else."""
    found = _read_marker(root)
    if found is not None:
        _refuse_other_options(root, found, options)
        return
    if root.is_dir() and any(not entry.name.startswith(".") for entry in root.iterdir()):
        raise UserError(
            "the folder for generated street scenes already holds other files.",
            where=str(root),
            remedy="Give an empty or new folder.",
        )
    marker = _Marker(renderer=RENDERER_VERSION, options=options)
    write_atomically(root / MARKER, marker.model_dump_json(indent=2).encode())
    write_atomically(root / "classes.json", b'{"class_space": "streets"}\n')


def _read_marker(root: Path) -> _Marker | None:
    path = root / MARKER
    if not path.is_file():
        return None
    try:
        return _Marker.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UserError(
            "the file that says how the street scenes were generated is damaged.",
            where=str(path),
            remedy="Delete the folder and generate the scenes again.",
        ) from error


def _refuse_other_options(root: Path, found: _Marker, options: StreetsOptions) -> None:
    if found.renderer == RENDERER_VERSION and found.options == options:
        return
    stored, wanted = found.options.model_dump(), options.model_dump()
    differing = [
        f"{key} {stored[key]}, wanted {wanted[key]}" for key in wanted if stored[key] != wanted[key]
    ]
    if found.renderer != RENDERER_VERSION:
        differing.append(f"renderer version {found.renderer}, now {RENDERER_VERSION}")
    raise UserError(
        f"the folder holds street scenes of other options ({'; '.join(differing)}).",
        where=str(root),
        remedy="Use another folder, or delete this one.",
    )


def _is_written(root: Path, name: str) -> bool:
    return (root / "images" / f"{name}.png").is_file() and (root / "labels" / f"{name}.png").is_file()


def _png(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "PNG", compress_level=3)
    return packed.getvalue()


def _label_png(label: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    picture = Image.fromarray(label, mode="P")
    picture.putpalette(STREETS.palette())
    return _png(picture)
