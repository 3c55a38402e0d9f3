"""Data sets: the list, and the faulty files of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backend.datasets.schemas import DatasetRead, ImageRead
from backend.pagination import Page
from frontend_gradio.views.markup import (
    UI,
    cells,
    empty,
    link,
    notice,
    state_chip,
    table,
    text,
    when,
)
from hiast.contracts.datasets import DatasetKind

_HEADS = (
    ("Data set", ""), ("State", ""), ("Kind", ""), ("Split", ""), ("Images", "num"), ("Faulty", "num"),
    ("Labels", ""), ("Classes", ""), ("Added, UTC", "num"),
)  # fmt: skip


_LAYOUTS: Final[dict[DatasetKind, tuple[str, ...]]] = {
    "folder": (
        "images/ with PNG or JPEG files at any depth",
        "labels/ with PNG files of the same names: class ids, 255 = void; may be absent",
        "classes.json: what the ids mean",
    ),
    "cityscapes": (
        "leftImg8bit/SPLIT/CITY/…_leftImg8bit.png",
        "gtFine/SPLIT/CITY/…_gtFine_labelTrainIds.png or …_labelIds.png; the split test has no labels",
    ),
    "gta5": ("images/00001.png, …", "labels/00001.png, …: as downloaded, with raw ids"),
    "synthia": ("RGB/….png", "GT/LABELS/….png: as downloaded, 16-bit colour (SYNTHIA-RAND-CITYSCAPES)"),
    "robotcar": (
        "train/….png, which have no labels",
        "val/….png with anno/….png: as downloaded, class ids in red",
    ),
    "camvid": ("a list file with “image label” on each line", "the files it names"),
    "streets": ("nothing yet: the scenes are drawn into it",),
}


def layout_text(kind: DatasetKind) -> str:
    """What the directory of a kind holds."""
    lines = "".join(f"<br>{text(line)}" for line in _LAYOUTS[kind])
    return f'<p class="st-muted">In the directory:{lines}</p>'


def datasets_table(datasets: Sequence[DatasetRead], selected_id: int | None) -> str:
    """One row a data set."""
    if not datasets:
        return empty("No data sets yet.", "Register one on the right; a scan then looks at every file.")
    rows = [_row(dataset, dataset.id == selected_id) for dataset in datasets]
    return table(_HEADS, rows, table_id="datasets-table")


def _row(dataset: DatasetRead, selected: bool) -> str:
    spec = dataset.spec
    name = link(f"{UI}/datasets?dataset={dataset.id}", dataset.name, "st-name st-soft")
    classes = (
        f"{dataset.class_space.name} ({dataset.class_space.num_classes})" if dataset.class_space else "–"
    )
    error = f'<small class="st-error">{text(dataset.error)}</small>' if dataset.error else ""
    faulty = f'<b class="st-down">{dataset.faulty_count}</b>' if dataset.faulty_count else "0"
    return f'<tr id="dataset-{dataset.id}" class="{"selected" if selected else ""}">' + cells(
        (f"{name}<small>{text(spec.root)}</small>{error}", "wide"),
        (state_chip(dataset.state), ""),
        (text(spec.kind), ""),
        (text(spec.split or "–"), ""),
        (str(dataset.image_count), "num"),
        (faulty, "num"),
        ("read" if spec.labelled else "not read", ""),
        (text(classes), ""),
        (when(dataset.created_at), "num"),
    ) + "</tr>"  # fmt: skip


def dataset_heading(dataset: DatasetRead | None) -> str:
    """The selected data set."""
    if dataset is None:
        return ""
    scan = ""
    if dataset.scan_job_id is not None:
        scan = link(f"{UI}/jobs?job={dataset.scan_job_id}", f"scan job {dataset.scan_job_id}")
    level = dataset.spec.check_level(dataset.image_count + dataset.faulty_count)
    checked = ""
    if dataset.state == "ready" and level == "headers":
        checked = "Sizes, channels and file ends were checked, not its pixels. "
    images = f"{dataset.image_count} usable images, {dataset.faulty_count} left out. {checked}{scan}"
    error = notice(dataset.error, "bad") if dataset.error else ""
    return (
        f'<div class="st-heading small"><h2>{text(dataset.name)} {state_chip(dataset.state)}</h2>'
        f"<p>{images}</p>{error}</div>"
    )


def faulty_table(images: Page[ImageRead] | None) -> str:
    """The files left out of every run, with the reason."""
    if images is None or not images.items:
        return ""
    rows = [
        "<tr>" + cells((text(image.name), "mono"), (text(image.problem or ""), "wide")) + "</tr>"
        for image in images.items
    ]
    more = images.total - len(images.items)
    rest = f'<p class="st-muted">and {more} more</p>' if more > 0 else ""
    return table((("File", ""), ("Problem", "")), rows, table_id="faulty-table", css_class="dense") + rest
