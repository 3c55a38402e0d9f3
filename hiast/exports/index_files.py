"""Labels as annotations: each image adds a part to one file, between a head and a tail."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from hiast.contracts.class_spaces import ClassSpace
from hiast.exports.label import ExportedLabel
from hiast.exports.runs import bounding_box, brush_runs, coco_counts, joined, run_lengths

_NOTE: Final = "Pseudo-labels, one mask a class; category id = class id + 1; ignored pixels have none."


def _categories(classes: ClassSpace) -> list[dict[str, Any]]:
    return [
        {
            "id": place + 1,
            "name": name,
            "isthing": int(place in classes.thing_classes),
            "color": list(classes.colours[place]),
        }
        for place, name in enumerate(classes.classes)
    ]


def _image(label: ExportedLabel, number: int, ending: str) -> dict[str, Any]:
    return {
        "id": number + 1,
        "file_name": f"{label.name}{ending}",
        "width": label.width,
        "height": label.height,
    }


def coco_head(classes: ClassSpace) -> str:
    """Up to the first image. Images and annotations stand in two lists, so each image is a part of both."""
    head = {"info": {"description": _NOTE}, "licenses": [], "categories": _categories(classes)}
    return json.dumps(head)[:-1]


def coco_masks(label: ExportedLabel, number: int) -> tuple[str, ...]:
    """The image, and a compressed mask of every class it holds; a crowd, for it may hold many things."""
    masks = []
    for class_id in label.classes():
        mask = label.ids == class_id
        masks.append(
            {
                "id": number * 256 + class_id + 1,
                "image_id": number + 1,
                "category_id": class_id + 1,
                "iscrowd": 1,
                "area": int(mask.sum()),
                "bbox": list(bounding_box(mask)),
                "segmentation": {"size": [label.height, label.width], "counts": coco_counts(mask)},
            }
        )
    return json.dumps(_image(label, number, ".png")), ", ".join(json.dumps(mask) for mask in masks)


def coco_segments(label: ExportedLabel, number: int, classes: ClassSpace) -> tuple[str, ...]:
    """The image, and its segments: a class is one, a crowd if its things are countable."""
    segments = []
    for class_id in label.classes():
        mask = label.ids == class_id
        segments.append(
            {
                "id": class_id + 1,
                "category_id": class_id + 1,
                "area": int(mask.sum()),
                "bbox": list(bounding_box(mask)),
                "iscrowd": int(class_id in classes.thing_classes),
            }
        )
    entry = {"image_id": number + 1, "file_name": f"{label.name}.png", "segments_info": segments}
    return json.dumps(_image(label, number, ".png")), json.dumps(entry)


def cvat_head(classes: ClassSpace) -> str:
    """`annotations.xml` of "CVAT for images 1.1", up to the first image."""
    listed = "".join(
        f"<label><name>{_text(name)}</name><color>#{red:02x}{green:02x}{blue:02x}</color>"
        "<type>mask</type><attributes></attributes></label>"
        for name, (red, green, blue) in zip(classes.classes, classes.colours, strict=True)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta><task><name>pseudo-labels</name><mode>annotation</mode><labels>{listed}</labels></task></meta>\n"
    )


def cvat_image(label: ExportedLabel, number: int, classes: ClassSpace) -> tuple[str, ...]:
    """The image with a mask of every class it holds: run lengths inside its box, row by row."""
    masks = []
    for class_id in label.classes():
        mask = label.ids == class_id
        left, top, width, height = bounding_box(mask)
        inside = mask[top : top + height, left : left + width]
        runs = joined(run_lengths(inside.ravel()))
        masks.append(
            f'<mask label={quoteattr(classes.classes[class_id])} source="auto" occluded="0" rle="{runs}"'
            f' left="{left}" top="{top}" width="{width}" height="{height}" z_order="0"></mask>'
        )
    return (
        f'<image id="{number}" name={quoteattr(label.name + ".png")} width="{label.width}"'
        f' height="{label.height}">{"".join(masks)}</image>\n',
    )


def label_studio_task(label: ExportedLabel, number: int, classes: ClassSpace) -> tuple[str, ...]:
    """A task with a prediction: one brush a class. `data.image` is the image's name; the importer says
    where the images are."""
    regions = [
        {
            "id": f"{number}-{class_id}",
            "from_name": "label",
            "to_name": "image",
            "type": "brushlabels",
            "original_width": label.width,
            "original_height": label.height,
            "image_rotation": 0,
            "value": {
                "format": "rle",
                "rle": brush_runs(label.ids == class_id),
                "brushlabels": [classes.classes[class_id]],
            },
        }
        for class_id in label.classes()
    ]
    task = {
        "data": {"image": f"{label.name}.png"},
        "predictions": [{"model_version": "hiast", "result": regions}],
    }
    return (json.dumps(task),)


def label_studio_config(classes: ClassSpace) -> str:
    """The labelling interface the tasks are for."""
    listed = "".join(
        f'<Label value={quoteattr(name)} background="rgb({red},{green},{blue})"/>'
        for name, (red, green, blue) in zip(classes.classes, classes.colours, strict=True)
    )
    return (
        '<View><Image name="image" value="$image"/>'
        f'<BrushLabels name="label" toName="image">{listed}</BrushLabels></View>\n'
    )


def datumaro_head(classes: ClassSpace) -> str:
    """`annotations/default.json` of Datumaro, up to the first item."""
    labels = [{"name": name, "parent": "", "attributes": []} for name in classes.classes]
    colours = [
        {"label_id": place, "r": red, "g": green, "b": blue}
        for place, (red, green, blue) in enumerate(classes.colours)
    ]
    categories = {"label": {"labels": labels, "attributes": []}, "mask": {"colormap": colours}}
    return json.dumps({"info": {"description": _NOTE}, "categories": categories})[:-1]


def datumaro_item(label: ExportedLabel, number: int) -> tuple[str, ...]:
    """An item with a mask of every class it holds."""
    masks = []
    for class_id in label.classes():
        mask = label.ids == class_id
        masks.append(
            {
                "id": class_id,
                "type": "mask",
                "attributes": {},
                "group": 0,
                "label_id": class_id,
                "rle": {"counts": coco_counts(mask), "size": [label.height, label.width]},
                "z_order": 0,
            }
        )
    image = {"path": f"{label.name}.png", "size": [label.height, label.width]}
    item = {"id": label.name, "annotations": masks, "attr": {"frame": number}, "image": image}
    return (json.dumps(item),)


def _text(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
