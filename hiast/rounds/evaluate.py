"""Scoring a network on labelled images."""

from __future__ import annotations

import numpy as np
import torch

from hiast.contracts.errors import UserError
from hiast.contracts.reports import EvaluationReport, OnProgress, Progress
from hiast.contracts.run_spec import EvaluationSpec
from hiast.data.image_set import ImageSet
from hiast.metrics import class_iou, confusion_matrix, mean_iou, pixel_accuracy
from hiast.models import SegmentationModel, place
from hiast.rounds.inference import predict, read_ahead


def evaluate(
    model: SegmentationModel,
    images: ImageSet,
    spec: EvaluationSpec,
    *,
    device: torch.device,
    on_progress: OnProgress,
) -> EvaluationReport:
    """IoU of the argmax against the ground truth, at the size of each image, averaged over classes.

    The mean is over spec.classes (all if None) as far as they occur in truth or prediction. Raises
    UserError when an image has no ground truth.
    """
    model = place(model, device).eval()
    classes = images.classes.num_classes
    confusion = np.zeros((classes, classes), np.int64)
    unlabelled = next((entry.name for entry in images.entries if entry.label_path is None), None)
    if unlabelled is not None:
        raise UserError(
            f"image {unlabelled!r} has no label.",
            where=images.spec.root,
            remedy="Evaluate on labelled images.",
        )
    for index, (entry, image) in enumerate(read_ahead(images, images.entries)):
        logits = predict(model, image.to(device), spec)
        prediction = logits[0].argmax(0).to(torch.uint8).cpu().numpy()
        confusion += confusion_matrix(prediction, images.read_label(entry), classes)
        on_progress(
            Progress(stage="evaluate", done=index + 1, total=len(images.entries), message=entry.name)
        )
    return EvaluationReport(
        images=len(images.entries),
        mean_iou=mean_iou(confusion, spec.classes),
        pixel_accuracy=pixel_accuracy(confusion),
        class_iou=[None if np.isnan(score) else float(score) for score in class_iou(confusion)],
        further_means={name: mean_iou(confusion, ids) for name, ids in spec.further_means.items()},
    )
