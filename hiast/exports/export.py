"""Writing the labels of a round in one of the formats, image by image; what was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.atomic_files import open_atomically, write_atomically
from hiast.data.label_files import inside
from hiast.exports import index_files, pictures
from hiast.exports.label import ExportedLabel

STATE: Final = ".export"
"""Folder for what is under way; gone when the export is complete."""


@dataclass(frozen=True)
class ExportFormat:
    """How one tool wants labels. `ids` says what the values in the files mean."""

    name: str
    ids: str
    pictures: Callable[[ExportedLabel, ClassSpace], dict[str, bytes]] | None = None
    """Files of one image."""
    files: tuple[tuple[str, Callable[[ClassSpace], str]], ...] = ()
    """Small files of the whole set."""
    index: str = ""
    """The file to which every image adds; "": there is none."""
    head: Callable[[ClassSpace], str] = lambda _classes: ""
    part: Callable[[ExportedLabel, int, ClassSpace], tuple[str, ...]] | None = None
    """What one image adds to each list of the index."""
    lists: tuple[str, ...] = ()
    """What stands before each list of the index."""
    tail: str = ""
    separator: str = ",\n"


FORMATS: Final = (
    ExportFormat(
        name="ids",
        ids="class ids, 255 = ignored",
        pictures=pictures.ids,
        files=(("classes.json", pictures.classes_file),),
    ),
    ExportFormat(
        name="cityscapes",
        ids="trainIds (255 = void), labelIds (0 = unlabelled) and colours (black = void)",
        pictures=pictures.cityscapes,
    ),
    ExportFormat(
        name="mmsegmentation",
        ids="class ids, 255 = ignored",
        pictures=pictures.mmsegmentation,
        files=(("metainfo.json", pictures.mmsegmentation_meta),),
    ),
    ExportFormat(
        name="fiftyone",
        ids="class id + 1, 0 = ignored",
        pictures=pictures.fiftyone,
        files=(("mask_targets.json", pictures.mask_targets),),
    ),
    ExportFormat(
        name="coco",
        ids="category id = class id + 1",
        index="annotations/instances_default.json",
        head=index_files.coco_head,
        part=lambda label, number, _classes: index_files.coco_masks(label, number),
        lists=(', "images": [\n', '],\n"annotations": [\n'),
        tail="]}\n",
    ),
    ExportFormat(
        name="coco_panoptic",
        ids="segment and category id = class id + 1, 0 = void",
        pictures=pictures.panoptic,
        index="annotations/panoptic_default.json",
        head=index_files.coco_head,
        part=index_files.coco_segments,
        lists=(', "images": [\n', '],\n"annotations": [\n'),
        tail="]}\n",
    ),
    ExportFormat(
        name="cvat",
        ids="labels by name",
        index="annotations.xml",
        head=index_files.cvat_head,
        part=index_files.cvat_image,
        lists=("",),
        tail="</annotations>\n",
        separator="",
    ),
    ExportFormat(
        name="label_studio",
        ids="labels by name",
        files=(("label_config.xml", index_files.label_studio_config),),
        index="tasks.json",
        part=index_files.label_studio_task,
        lists=("[\n",),
        tail="]\n",
    ),
    ExportFormat(
        name="datumaro",
        ids="label id = class id",
        index="annotations/default.json",
        head=index_files.datumaro_head,
        part=lambda label, number, _classes: index_files.datumaro_item(label, number),
        lists=(', "items": [\n',),
        tail="]}\n",
    ),
)


def find_format(name: str) -> ExportFormat:
    """The format of that name. Raises NotFoundError naming all."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise NotFoundError(
        f"there is no format {name!r}.",
        where="format",
        remedy="Choose one of " + ", ".join(known.name for known in FORMATS) + ".",
    )


def check_classes(name: str, classes: ClassSpace) -> None:
    """Raise UserError for a class space whose labels the format cannot hold."""
    if name == "cityscapes":
        pictures.require_cityscapes(classes)


def export_labels(
    name: str,
    names: Sequence[str],
    read: Callable[[str], ExportedLabel],
    classes: ClassSpace,
    out: Path,
    fingerprint: str,
    on_progress: OnProgress,
) -> list[str]:
    """Write the labels of images `names` into `out`; returns the files of the whole set.

    fingerprint: other words whenever `read` gives other labels. An export that was interrupted goes on
    behind the images that are there; one of other labels into the same folder is refused. Raises UserError
    for that, and for labels the format cannot hold.
    """
    chosen = find_format(name)
    state = out / STATE
    done = _begin(chosen, state, out, fingerprint)
    for number, image in enumerate(names):
        if image not in done:
            _write_image(chosen, read(image), number, classes, out)
            with (state / "done").open("a") as journal:
                journal.write(json.dumps(image) + "\n")
        message = f"{image} ({number + 1} of {len(names)})"
        on_progress(Progress(stage="export", done=number + 1, total=len(names), message=message))
    written = []
    for file, content in chosen.files:
        write_atomically(out / file, content(classes).encode())
        written.append(file)
    if chosen.index:
        _join(chosen, len(names), classes, out)
        written.append(chosen.index)
    _clear(state)
    return written


def _begin(chosen: ExportFormat, state: Path, out: Path, fingerprint: str) -> set[str]:
    """The images that an interrupted export of the same labels has written."""
    own = hashlib.sha256(f"{chosen.name} {fingerprint}".encode()).hexdigest()
    marker = state / "of"
    if marker.exists():
        if marker.read_text() != own:
            raise UserError(
                "another export into this folder was interrupted, of other labels or in another format.",
                where=str(out),
                remedy="Choose an empty folder, or delete this one.",
            )
        done = state / "done"
        lines = done.read_text().splitlines() if done.exists() else []
        return {json.loads(line) for line in lines if line.endswith('"')}
    if out.exists() and any(out.iterdir()):
        raise UserError("the folder is not empty.", where=str(out), remedy="Choose an empty one.")
    write_atomically(marker, own.encode())
    return set()


def _write_image(
    chosen: ExportFormat, label: ExportedLabel, number: int, classes: ClassSpace, out: Path
) -> None:
    # Raises for a name that leads out, before anything is written.
    inside(label.name, "png")
    if chosen.pictures is not None:
        for file, content in chosen.pictures(label, classes).items():
            write_atomically(out / file, content)
    if chosen.part is not None:
        for place, words in enumerate(chosen.part(label, number, classes)):
            write_atomically(_part(out, place, number), words.encode())


def _part(out: Path, place: int, number: int) -> Path:
    return out / STATE / str(place) / inside(f"{number:08d}", "part")


def _join(chosen: ExportFormat, images: int, classes: ClassSpace, out: Path) -> None:
    """The index from its parts; read one by one, whatever their number."""
    with open_atomically(out / chosen.index) as stream:
        stream.write(chosen.head(classes).encode())
        for place, before in enumerate(chosen.lists):
            stream.write(before.encode())
            for words in _separated(chosen.separator, _parts(out, place, images)):
                stream.write(words.encode())
        stream.write(chosen.tail.encode())


def _parts(out: Path, place: int, images: int) -> Iterator[str]:
    for number in range(images):
        words = _part(out, place, number).read_text()
        if words:
            yield words


def _separated(separator: str, parts: Iterable[str]) -> Iterator[str]:
    for number, words in enumerate(parts):
        yield (separator if number else "") + words


def _clear(state: Path) -> None:
    for path in sorted(state.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    state.rmdir()
