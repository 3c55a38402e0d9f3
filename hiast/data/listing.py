"""Finding the files of a data set: one directory listing instead of a question a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError

IMAGE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def file_below(root: str, path: str) -> Path:
    """The file `path` below `root`. Raises UserError when it leads out of it."""
    base = Path(root).resolve()
    full = (base / path).resolve()
    if not full.is_relative_to(base):
        raise UserError(
            f"path {path!r} leads out of the data set.", where=root, remedy="List paths below the root."
        )
    return full


def file_names(root: str, folder: str, suffix: str) -> list[str]:
    """Names of the files in `root`/`folder` that end in `suffix`, sorted; hidden ones left out.

    Raises UserError when the folder is missing or may not be listed.
    """
    return sorted(
        entry.name for entry in _visible(root, folder) if entry.name.endswith(suffix) and not entry.is_dir()
    )


def png_pairs(spec: DatasetSpec, images: str, labels: str) -> list[ImageEntry]:
    """Every PNG of the folder `images`, by name, with the label of that name in the folder `labels`.

    Raises UserError when a folder is missing (`labels` only where the labels are read).
    """
    if spec.labelled:
        require_label_folder(spec.root, labels)
    return [
        ImageEntry(
            name=file.removesuffix(".png"),
            image_path=f"{images}/{file}",
            label_path=f"{labels}/{file}" if spec.labelled else None,
        )
        for file in file_names(spec.root, images, ".png")
    ]


def folder_names(root: str, folder: str) -> list[str]:
    """Names of the folders in `root`/`folder`, sorted. Raises UserError as `file_names` does."""
    return sorted(entry.name for entry in _visible(root, folder) if entry.is_dir())


def images_below(root: str, folder: str) -> list[str]:
    """Paths relative to `root`/`folder` of all images at any depth, sorted folder by folder.

    Linked folders are not entered. Raises UserError as `file_names` does.
    """
    found = []
    for entry in _visible(root, folder):
        if entry.is_dir(follow_symlinks=False):
            found += [f"{entry.name}/{path}" for path in images_below(root, f"{folder}/{entry.name}")]
        elif Path(entry.name).suffix.lower() in IMAGE_SUFFIXES and not entry.is_dir():
            found.append(entry.name)
    return sorted(found, key=lambda path: path.split("/"))


def require_label_folder(root: str, folder: str) -> None:
    """Raises UserError when `root`/`folder` is no folder: then not one image has a label."""
    if not file_below(root, folder).is_dir():
        raise UserError(
            f"there is no folder {folder}/ with labels.",
            where=root,
            remedy="Put the labels there, or register the data set as one whose labels are not read.",
        )


def _visible(root: str, folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder. Hidden things are somebody's temporary ones (ours, macOS's, rsync's)."""
    try:
        with os.scandir(file_below(root, folder)) as listing:
            entries = [entry for entry in listing if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"there is no folder {folder}/.",
            where=root,
            remedy="Check the root: it is the folder that holds this one.",
        ) from None
    except OSError as error:
        raise UserError(
            f"the folder {folder}/ cannot be listed ({error.strerror}).",
            where=root,
            remedy="Give read permission to the account of the API and of every worker.",
        ) from error
    for entry in entries:
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            raise UserError(
                f"the folder {folder}/ holds {os.fsencode(entry.name)!r}, which is no UTF-8 name.",
                where=root,
                remedy="Rename it.",
            ) from None
    return entries
