"""Data sets: the list, the register form, one set's faulty files under ?dataset=ID."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import gradio as gr
from pydantic import ValidationError

from backend.datasets.schemas import DatasetCreate
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import refreshing
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import GO_TO, live_html, plain_html, question, top_bar
from frontend_gradio.pages.refreshing import QUIET, Drawing, Query
from frontend_gradio.views import dataset_table
from frontend_gradio.views.markup import notice
from hiast.contracts.datasets import CITYSCAPES_ID_KINDS, SPLITS, DatasetKind, DatasetSpec

KINDS: Final = (
    ("Folder", "folder"), ("Cityscapes", "cityscapes"), ("GTA5", "gta5"), ("SYNTHIA", "synthia"),
    ("Oxford RobotCar", "robotcar"), ("CamVid", "camvid"), ("Generated streets", "streets"),
)  # fmt: skip
CHECKS: Final = (
    ("Automatic", "auto"),
    ("Every pixel", "pixels"),
    ("Quick", "headers"),
)
_DELETE = question(
    "Take this data set off the list?",
    "Its files stay where they are; it can be registered again.",
    "Delete from list",
)


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The page's components and what they do."""
    top_bar("Data sets")
    dataset_id = gr.State(None)
    with gr.Row(elem_classes="st-split"):
        with gr.Column(elem_classes="st-main"):
            plain_html('<div class="st-heading"><h1>Data sets</h1></div>')
            datasets = live_html("datasets")
            heading = live_html("dataset-heading")
            with gr.Row(elem_classes="st-buttons", visible=False) as actions:
                scan = gr.Button("Scan again", elem_id="scan-dataset")
                delete = gr.Button("Delete from list", elem_id="delete-dataset")
            faulty = live_html("faulty")
        with gr.Column(elem_classes="st-side st-card"):
            go_to = _build_form(client)
    sure = gr.Checkbox(visible=False)
    refresh = refreshing.build(client, blocks, draw, [dataset_id, datasets, heading, actions, faulty])
    scan.click(bound(scan_dataset, client), [dataset_id], None, **QUIET).then(**refresh)
    deleted = delete.click(bound(delete_dataset, client), [sure, dataset_id], [go_to], js=_DELETE, **QUIET)
    deleted.success(None, [go_to], None, js=GO_TO, api_visibility="private")


def draw(client: ApiClient, query: Query) -> Drawing:
    """The list, and the data set the address names."""
    dataset_id = query.id("dataset")
    datasets = client.datasets().items
    busy = any(dataset.state == "scanning" for dataset in datasets)
    table = dataset_table.datasets_table(datasets, dataset_id)
    try:
        chosen = None if dataset_id is None else client.dataset(dataset_id)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Drawing([None, table, notice(error.detail, "bad"), gr.update(visible=False), ""], busy)
    faulty = client.faulty_images(chosen.id) if chosen and chosen.faulty_count else None
    heading = dataset_table.dataset_heading(chosen)
    actions = gr.update(visible=chosen is not None)
    return Drawing([dataset_id, table, heading, actions, dataset_table.faulty_table(faulty)], busy)


def scan_dataset(client: ApiClient, dataset_id: int) -> None:
    """Look at every file again."""
    client.scan_dataset(dataset_id)


def delete_dataset(client: ApiClient, sure: bool, dataset_id: int) -> str:
    """Forget the data set, if the person is sure; say where to go then."""
    if not sure:
        return ""
    client.delete_dataset(dataset_id)
    return "/ui/datasets"


def _build_form(client: ApiClient) -> gr.Textbox:
    plain_html('<div class="st-heading small"><h2>Register a data set</h2></div>')
    name = gr.Textbox(label="Name", elem_id="dataset-name")
    kind = gr.Radio(list(KINDS), value="folder", label="Kind", elem_id="dataset-kind")
    layout = plain_html(dataset_table.layout_text("folder"), elem_id="dataset-layout")
    root = gr.Textbox(label="Directory", elem_id="dataset-root", placeholder="/data/camvid")
    list_file = gr.Textbox(
        label="List file", elem_id="dataset-split", placeholder="train.txt", visible=False
    )
    split = gr.Dropdown(
        ["train"], value="train", label="Split", elem_id="dataset-split-choice", visible=False
    )
    labelled = gr.Checkbox(
        label="Read its labels",
        value=True,
        elem_id="dataset-labelled",
        info="Off for a target set whose labels must not be seen.",
    )
    nine_classes = gr.Checkbox(
        label="In RobotCar's 9 classes",
        elem_id="dataset-nine-classes",
        info="Instead of the 19 Cityscapes classes.",
        visible=False,
    )
    with gr.Row(visible=False) as streets:
        look = gr.Dropdown(["source", "target"], value="source", label="Look", elem_id="dataset-look")
        count = gr.Number(value=60, precision=0, minimum=1, label="Images", elem_id="dataset-count")
    check = gr.Dropdown(
        list(CHECKS),
        value="auto",
        label="Check",
        elem_id="dataset-check",
        info="Automatic: every pixel up to 1,000 images, quick above. Quick: sizes, channels and the end "
        "of each file, without decoding it.",
    )
    shown = [layout, list_file, split, nine_classes, streets]
    kind.input(show_kind, [kind], shown, **QUIET)
    register = gr.Button("Register and scan", variant="primary", elem_id="register-dataset")
    go_to = gr.Textbox(visible=False)
    fields = [name, kind, root, list_file, labelled, look, count, split, nine_classes, check]
    registered = register.click(bound(register_dataset, client), fields, [go_to], **QUIET)
    registered.success(None, [go_to], None, js=GO_TO, api_visibility="private")
    return go_to


def show_kind(kind: DatasetKind) -> tuple[Any, ...]:
    """Say what lies in the directory, and ask only for what this kind has."""
    splits = SPLITS.get(kind, ("train",))
    return (
        dataset_table.layout_text(kind),
        gr.update(visible=kind == "camvid"),
        gr.update(visible=kind in SPLITS, choices=list(splits), value=splits[0]),
        gr.update(visible=kind in CITYSCAPES_ID_KINDS),
        gr.update(visible=kind == "streets"),
    )


def register_dataset(client: ApiClient, name: str, kind: DatasetKind, root: str, *fields: Any) -> str:
    """Register it and say where it is shown. Fields of other kinds, which the form hides, do not count."""
    list_file, labelled, look, count, split, nine_classes, check = fields
    values = {
        "kind": kind,
        "root": root.strip(),
        "labelled": labelled,
        "check": check,
        "split": _split(kind, list_file, split),
        "streets": {"look": look, "count": int(count)} if kind == "streets" else None,
        "class_space": "robotcar" if nine_classes and kind in CITYSCAPES_ID_KINDS else None,
    }
    try:
        create = DatasetCreate(name=name.strip(), spec=DatasetSpec.model_validate(values))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ApiError("; ".join(fault.removeprefix(": ") for fault in faults)) from error
    return f"/ui/datasets?dataset={client.create_dataset(create).id}"


def _split(kind: DatasetKind, list_file: str | None, split: str) -> str | None:
    if kind == "camvid":
        return (list_file or "").strip() or None
    return split if kind in SPLITS else None
