"""Scoring a network on labelled images."""

from __future__ import annotations

import numpy as np
import torch

from hiast.augmentation.normalisation import normalise
from hiast.augmentation.resizing import image_and_label_tensors
from hiast.contracts.errors import UserError
from hiast.contracts.reports import EvaluationReport, OnProgress, Progress
from hiast.data.image_set import ImageSet
from hiast.metrics import class_iou, confusion_matrix, mean_iou, pixel_accuracy
from hiast.models import DeepLabV2, place


def evaluate(
    model: DeepLabV2,
    images: ImageSet,
    *,
    device: torch.device,
    on_progress: OnProgress,
) -> EvaluationReport:
    """Mean IoU of the argmax at full size, single scale, over classes that occur.

    Raises UserError when an image has no ground truth.
    """
    model = place(model, device).eval()
    classes = images.classes.num_classes
    confusion = np.zeros((classes, classes), np.int64)
    for index, entry in enumerate(images.entries):
        if entry.label_path is None:
            raise UserError(
                f"image {entry.name!r} has no label.",
                where=images.spec.root,
                remedy="Evaluate on labelled images.",
            )
        pixels, truth = image_and_label_tensors(images.read_image(entry), images.read_label(entry))
        with torch.inference_mode():
            logits = model(normalise(pixels[None].to(device)))
        prediction = logits[0].argmax(0).to(torch.uint8).cpu().numpy()
        confusion += confusion_matrix(prediction, truth.numpy(), classes)
        on_progress(
            Progress(stage="evaluate", done=index + 1, total=len(images.entries), message=entry.name)
        )
    scores = class_iou(confusion)
    return EvaluationReport(
        images=len(images.entries),
        mean_iou=float(mean_iou(confusion)),
        pixel_accuracy=float(pixel_accuracy(confusion)),
        class_iou=[None if np.isnan(score) else float(score) for score in scores],
    )
