"""The four terms of region-adaptive self-training (HIAST, arXiv 2302.06992), and the supervised loss."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.losses.fused_terms import FusedTerms
from hiast.losses.region_weights import LossWeights

DEFAULT_WEIGHTS = LossWeights()


class SelfTrainingLosses(NamedTuple):
    """Scalars, float32 (float64 for float64 logits). The four terms are unweighted, `total` is weighted."""

    seg: Tensor
    kld_confident: Tensor
    entropy_ignored: Tensor
    consistency_ignored: Tensor
    total: Tensor


class RegionCounts(NamedTuple):
    """Pixels of both regions, scalar int64 tensors. Counts of the parts of a batch add up to its own."""

    kept: Tensor
    ignored: Tensor


def count_regions(labels: Tensor) -> RegionCounts:
    """Kept and ignored (255) pixels of labels of any shape, on the labels' device."""
    ignored = (labels == IGNORED).sum()
    return RegionCounts(labels.numel() - ignored, ignored)


def self_training_losses(
    logits: Tensor,
    labels: Tensor,
    teacher_probabilities: Tensor | None = None,
    *,
    weights: LossWeights = DEFAULT_WEIGHTS,
    counts: RegionCounts | None = None,
    spatial: Tensor | None = None,
) -> SelfTrainingLosses:
    """Losses of the student on pseudo-labelled images.

    logits: (B, C, H, W) of the student on the strong view; labels: (B, H, W) class ids, 255 = ignored;
    teacher_probabilities: (B, C, H, W), softmax of the teacher on the weak view, or None: no
    consistency. No gradient flows into labels, teacher and spatial. With p the student's softmax and q
    the teacher's:

    seg                  mean over kept pixels of −log p_label
    kld_confident        kept: −(1/C) Σ_c log p_c, summed, / (C·|kept|)
    entropy_ignored      ignored: −Σ_c p_c log p_c, summed, / (C·|ignored|)
    consistency_ignored  ignored: −Σ_c q_c log p_c, summed, / (C·|ignored|)

    The further C below the last three is the official code's normaliser. That code divides consistency
    by its count of non-zero terms; C·|ignored| is equal wherever no term underflows, and smooth. An
    empty region contributes exactly 0, with zero gradients.

    counts: |kept| and |ignored| of the whole batch when these images are a part of it (accumulation,
    several processes), so that the losses of the parts sum to the loss of the whole; None: of `labels`.
    spatial: (B, H, W) float, factor of each pixel's value in the last three terms (`spatial_weights`).

    On the CPU the values are the same bit by bit from run to run, whatever the number of threads.
    Raises UserError for shapes that do not fit and class ids outside 0..C−1.
    """
    check_labels(logits, labels)
    if teacher_probabilities is not None and teacher_probabilities.shape != logits.shape:
        raise UserError(
            f"teacher_probabilities have shape {tuple(teacher_probabilities.shape)}, logits "
            f"{tuple(logits.shape)}.",
            remedy="Give the teacher's softmax at the student's resolution.",
        )
    if spatial is not None and spatial.shape != labels.shape:
        raise UserError(
            f"spatial weights have shape {tuple(spatial.shape)}, labels {tuple(labels.shape)}.",
            remedy="Give one weight per label pixel.",
        )
    kept, ignored = (count.clamp(min=1) for count in counts or count_regions(labels))
    classes = logits.shape[1]
    teacher, factors = (
        None if tensor is None else tensor.detach() for tensor in (teacher_probabilities, spatial)
    )
    sums = cast("tuple[Tensor, ...]", FusedTerms.apply(logits, labels, teacher, factors))  # type: ignore[no-untyped-call]
    seg, kld = sums[0] / kept, sums[1] / (classes * kept)
    entropy, consistency = sums[2] / (classes * ignored), sums[3] / (classes * ignored)
    total = (
        weights.seg * seg
        + weights.kld * kld
        + weights.entropy * entropy
        + weights.consistency * consistency
    )
    return SelfTrainingLosses(seg, kld, entropy, consistency, total)


def supervised_loss(logits: Tensor, labels: Tensor, *, count: Tensor | None = None) -> Tensor:
    """Mean cross-entropy over the labelled pixels, a scalar; exactly 0 where there is none.

    logits: (B, C, H, W), computed in float32 at least; labels: (B, H, W) class ids, 255 = void. count:
    labelled pixels of the whole batch when these images are a part of it; None: of `labels`. Raises
    UserError as `self_training_losses`.
    """
    check_labels(logits, labels)
    labelled = count_regions(labels).kept if count is None else count
    scores = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    summed = cross_entropy(scores, labels.long(), ignore_index=IGNORED, reduction="sum")
    return summed / labelled.clamp(min=1)


def check_labels(logits: Tensor, labels: Tensor) -> None:
    """Raise UserError unless labels (B, H, W) fit logits (B, C, H, W) and hold ids 0..C−1 or 255."""
    if logits.ndim != 4 or labels.shape != (logits.shape[0], *logits.shape[2:]):
        raise UserError(
            f"logits have shape {tuple(logits.shape)}, labels {tuple(labels.shape)}.",
            remedy="Give logits (batch, classes, height, width) and labels (batch, height, width).",
        )
    if labels.is_floating_point() or labels.dtype == torch.bool:
        raise UserError(f"labels have type {labels.dtype}.", remedy="Give integer class ids.")
    classes = logits.shape[1]
    wrong = ((labels < 0) | (labels >= classes)) & (labels != IGNORED)
    if bool(wrong.any()):
        raise UserError(
            f"class id {int(labels[wrong][0])} is outside 0..{classes - 1}.",
            where="labels",
            remedy=f"The model has {classes} classes; give their ids, and {IGNORED} for no label.",
        )
