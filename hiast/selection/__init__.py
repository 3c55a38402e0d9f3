"""Choosing pseudo-labels: pure functions (scores, state) -> (kept, state). Importing it loads no torch.

The part that works on logits, `hiast.selection.stage`, needs torch and is imported by its users.
"""

from hiast.selection.class_balanced import (
    class_balanced_quantiles,
    class_balanced_thresholds,
    constant_thresholds,
    sampled_codes,
)
from hiast.selection.class_values import update_class_values, update_class_values_from_histogram
from hiast.selection.codebook import Codebook
from hiast.selection.counted_codes import CountedCodes
from hiast.selection.histograms import count_codes, kept_pixels, mean_kept_confidence, predicted_pixels
from hiast.selection.instance_adaptive import (
    bounds_array,
    instance_adaptive_thresholds,
    replay_thresholds,
    update_thresholds,
)
from hiast.selection.labelling import (
    apply_thresholds,
    labels_from_codes,
    reasons_from_codes,
    reasons_from_labels,
)
from hiast.selection.local_consistency import locally_consistent

__all__ = [
    "Codebook",
    "CountedCodes",
    "apply_thresholds",
    "bounds_array",
    "class_balanced_quantiles",
    "class_balanced_thresholds",
    "constant_thresholds",
    "count_codes",
    "instance_adaptive_thresholds",
    "kept_pixels",
    "labels_from_codes",
    "locally_consistent",
    "mean_kept_confidence",
    "predicted_pixels",
    "reasons_from_codes",
    "reasons_from_labels",
    "replay_thresholds",
    "sampled_codes",
    "update_class_values",
    "update_class_values_from_histogram",
    "update_thresholds",
]
