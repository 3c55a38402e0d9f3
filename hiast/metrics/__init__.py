"""Scores against ground truth: IoU of predictions, coverage and precision of pseudo-labels. No torch."""

from hiast.metrics.iou import class_iou, confusion_matrix, mean_iou, pixel_accuracy
from hiast.metrics.label_quality import LabelQuality, label_counts, label_quality

__all__ = [
    "LabelQuality",
    "class_iou",
    "confusion_matrix",
    "label_counts",
    "label_quality",
    "mean_iou",
    "pixel_accuracy",
]
