"""The four terms of region-adaptive self-training from one log-softmax (HIAST, arXiv 2302.06992)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.losses.region_weights import LossWeights

DEFAULT_WEIGHTS = LossWeights()


class SelfTrainingLosses(NamedTuple):
    """Scalars, float32 (float64 for float64 logits). The four terms are unweighted, `total` is weighted."""

    seg: Tensor
    kld_confident: Tensor
    entropy_ignored: Tensor
    consistency_ignored: Tensor
    total: Tensor


def self_training_losses(
    logits: Tensor,
    labels: Tensor,
    teacher_probabilities: Tensor | None = None,
    *,
    weights: LossWeights = DEFAULT_WEIGHTS,
) -> SelfTrainingLosses:
    """Losses of the student on pseudo-labelled images.

    logits: (B, C, H, W) of the student on the strong view; labels: (B, H, W) class ids, 255 = ignored;
    teacher_probabilities: (B, C, H, W), softmax of the teacher on the weak view, or None: no
    consistency. No gradient flows into labels and teacher. With p the student's softmax and q the
    teacher's:

    seg                  mean over kept pixels of −log p_label
    kld_confident        kept: −(1/C) Σ_c log p_c, summed, / (C·|kept|)
    entropy_ignored      ignored: −Σ_c p_c log p_c, summed, / (C·|ignored|)
    consistency_ignored  ignored: −Σ_c q_c log p_c, summed, / (C·|ignored|)

    The further C below the last three is the official code's normaliser. That code divides consistency
    by its count of non-zero terms; C·|ignored| is equal wherever no term underflows, and smooth. An
    empty region contributes exactly 0, with zero gradients. Raises UserError for shapes that do not fit
    and class ids outside 0..C−1.
    """
    check_labels(logits, labels)
    if teacher_probabilities is not None and teacher_probabilities.shape != logits.shape:
        raise UserError(
            f"teacher_probabilities have shape {tuple(teacher_probabilities.shape)}, logits "
            f"{tuple(logits.shape)}.",
            remedy="Give the teacher's softmax at the student's resolution.",
        )
    classes = logits.shape[1]
    log_p = _log_softmax(logits)
    ignored = labels == IGNORED
    kept_count = (~ignored).sum().clamp(min=1)
    ignored_count = ignored.sum().clamp(min=1)

    def over_kept(values: Tensor) -> Tensor:
        return values.masked_fill(ignored, 0.0).sum() / kept_count

    def over_ignored(values: Tensor) -> Tensor:
        return values.masked_fill(~ignored, 0.0).sum() / (classes * ignored_count)

    seg = over_kept(-_log_p_of_labels(log_p, labels, ignored))
    kld = over_kept(-log_p.mean(1)) / classes
    entropy = over_ignored(-(log_p.exp() * log_p).sum(1))
    consistency = log_p.new_zeros(())
    if teacher_probabilities is not None:
        consistency = over_ignored(-(teacher_probabilities.detach() * log_p).sum(1))
    total = (
        weights.seg * seg
        + weights.kld * kld
        + weights.entropy * entropy
        + weights.consistency * consistency
    )
    return SelfTrainingLosses(seg, kld, entropy, consistency, total)


def supervised_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the labelled pixels, a scalar; exactly 0 where there is none.

    logits: (B, C, H, W); labels: (B, H, W) class ids, 255 = void. Raises UserError as
    `self_training_losses`.
    """
    check_labels(logits, labels)
    void = labels == IGNORED
    values = -_log_p_of_labels(_log_softmax(logits), labels, void)
    return values.masked_fill(void, 0.0).sum() / (~void).sum().clamp(min=1)


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


def _log_softmax(logits: Tensor) -> Tensor:
    """In float32 at least: half precision loses the small probabilities the regularisers act on."""
    low_precision = logits.dtype in (torch.float16, torch.bfloat16)
    return torch.log_softmax(logits, 1, dtype=torch.float32 if low_precision else None)


def _log_p_of_labels(log_p: Tensor, labels: Tensor, ignored: Tensor) -> Tensor:
    ids = labels.long().masked_fill(ignored, 0)
    return log_p.gather(1, ids[:, None])[:, 0]
