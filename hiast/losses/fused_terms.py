"""The four self-training terms and their closed-form gradient, block by block over the pixels.

With z the logits, p their softmax, H its entropy and q the teacher's softmax, the derivatives by z are

    −log p_y               p − onehot(y)
    −(1/C) Σ_c log p_c     p − 1/C
    −Σ_c p_c log p_c       −p (log p + H)
    −Σ_c q_c log p_c       p Σ_c q_c − q

Nothing of the size of the logits is written but their gradient: between the passes three numbers a
pixel are kept, and the backward pass computes the softmax again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hiast.contracts.class_spaces import IGNORED
from hiast.pixel_blocks import Block, blocks_of, share_blocks

CPU_BLOCK = 16384
"""Pixels per block: with 19 classes 1.2 MiB of float32 scores, which the caches of a core or two hold."""
DEVICE_BLOCK = 1 << 18
"""Pixels per block elsewhere: few launches, 40 MB of scratch with 19 classes."""
LOG2_E = math.log2(math.e)
"""2^(x·LOG2_E) is e^x; torch's exp2 takes a third of the time of its exp (2.13, x86)."""


class _Batch(NamedTuple):
    """scores, teacher: (B, C, N); labels, spatial: (B, N). teacher and spatial may be None."""

    scores: Tensor
    labels: Tensor
    teacher: Tensor | None
    spatial: Tensor | None


class _Part(NamedTuple):
    """One block. scores, teacher: (C, n); ids, ignored, spatial: (n,); ids int64, 0 where ignored."""

    scores: Tensor
    ids: Tensor
    ignored: Tensor
    teacher: Tensor | None
    spatial: Tensor | None


class FusedTerms(torch.autograd.Function):
    """Sums of the four terms' per-pixel values over their regions.

    apply(logits (B, C, H, W), labels (B, H, W) integer, teacher (B, C, H, W) or None, spatial
    (B, H, W) or None) -> seg over kept, kld over kept, entropy over ignored, consistency over ignored:
    four scalars, float64 for float64 logits, else float32. Only logits get a gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, labels: Tensor, teacher: Tensor | None, spatial: Tensor | None
    ) -> tuple[Tensor, ...]:
        """The sums; keeps the logits and three numbers a pixel."""
        batch = _flatten(logits, labels, teacher, spatial)
        images, classes, pixels = batch.scores.shape
        precision = torch.float64 if logits.dtype == torch.float64 else torch.float32
        blocks = blocks_of(images, pixels, _block_size(logits, pixels))
        sums = logits.new_empty((len(blocks), 4), dtype=precision)
        kept_numbers = logits.new_empty((3, images, pixels), dtype=precision)

        def work(shared: Iterator[Block]) -> None:
            scratch = logits.new_empty((2, classes, _block_size(logits, pixels)), dtype=precision)
            for block in shared:
                part = _part(batch, block, precision)
                sums[block.number] = _measure(part, scratch, kept_numbers[:, block.image, block.pixels])

        share_blocks(blocks, logits.device, work)
        ctx.save_for_backward(logits, labels, teacher, spatial, kept_numbers)
        return sums.sum(0).unbind()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The logits' gradient, in their memory format and type."""
        logits, labels, teacher, spatial, kept_numbers = ctx.saved_tensors
        batch = _flatten(logits, labels, teacher, spatial)
        images, classes, pixels = batch.scores.shape
        precision = kept_numbers.dtype
        pulls = torch.stack(upstream)
        gradient = torch.empty_like(logits, memory_format=_memory_format(logits))
        flat = gradient.view(images, classes, pixels)

        def work(shared: Iterator[Block]) -> None:
            scratch = logits.new_empty((2, classes, _block_size(logits, pixels)), dtype=precision)
            for block in shared:
                _, image, places = block
                part = _part(batch, block, precision)
                _differentiate(part, scratch, kept_numbers[:, image, places], pulls, flat[image, :, places])

        share_blocks(blocks_of(images, pixels, _block_size(logits, pixels)), logits.device, work)
        return gradient, None, None, None


def _measure(part: _Part, scratch: Tensor, kept_numbers: Tensor) -> Tensor:
    """The block's four sums, (4,); fills kept_numbers (3, n): log-sum-exp, entropy H, Σ_c q_c."""
    scores, ids, ignored, teacher, spatial = part
    shifted, powers = scratch[..., : scores.shape[1]]
    top = scores.amax(0)
    torch.sub(scores, top, out=shifted)
    torch.mul(shifted, LOG2_E, out=powers).exp2_()
    total = powers.sum(0)
    log_total = total.log()  # log p = shifted − log_total
    torch.add(top, log_total, out=kept_numbers[0])
    entropy = torch.sub(log_total, powers.mul_(shifted).sum(0).div_(total), out=kept_numbers[1])
    seg = log_total - shifted.gather(0, ids[None])[0]
    kld = log_total - shifted.mean(0)
    values = [seg, kld, entropy]
    if teacher is not None:
        mass = torch.sum(teacher, 0, out=kept_numbers[2])
        values.append(mass * log_total - shifted.mul_(teacher).sum(0))
    if spatial is not None:
        values[1:] = [value * spatial for value in values[1:]]
    sums = scores.new_zeros(4)
    for term, value in enumerate(values):
        sums[term] = value.masked_fill(ignored if term < 2 else ~ignored, 0.0).sum()
    return sums


def _differentiate(
    part: _Part, scratch: Tensor, kept_numbers: Tensor, pulls: Tensor, gradient: Tensor
) -> None:
    """Fill the block's gradient (C, n), given the four sums' upstream gradients `pulls` (4,).

    Per pixel it is p·(a − b log p) − c·q − d/C − e·onehot(y), with the numbers a to e from its region.
    """
    scores, ids, ignored, teacher, spatial = part
    log_p, p = scratch[..., : scores.shape[1]]
    log_sum_exp, entropy, mass = kept_numbers
    seg_pull, kld_pull, entropy_pull, consistency_pull = pulls
    kept, weight = (~ignored).to(p.dtype), ignored.to(p.dtype)
    seg = kept * seg_pull
    kld = kept * kld_pull if spatial is None else kept * spatial * kld_pull
    weight = weight if spatial is None else weight * spatial
    sharpen = weight * entropy_pull
    of_p = (seg + kld).addcmul_(sharpen, entropy, value=-1.0)
    if teacher is not None:
        consistency = weight * consistency_pull
        of_p.addcmul_(consistency, mass)
    torch.sub(scores, log_sum_exp, out=log_p)
    torch.mul(log_p, LOG2_E, out=p).exp2_()
    torch.addcmul(of_p, sharpen, log_p, value=-1.0, out=log_p)
    torch.addcmul(kld.div_(-scores.shape[0]), p, log_p, out=p)
    p.scatter_(0, ids[None], p.gather(0, ids[None]).sub_(seg))
    if teacher is None:
        gradient.copy_(p)
    else:
        torch.addcmul(p, consistency, teacher, value=-1.0, out=gradient)


def _flatten(logits: Tensor, labels: Tensor, teacher: Tensor | None, spatial: Tensor | None) -> _Batch:
    """Rows and columns become one dimension: views wherever the memory format allows it."""
    return _Batch(
        logits.flatten(2),
        labels.flatten(1),
        None if teacher is None else teacher.flatten(2),
        None if spatial is None else spatial.flatten(1),
    )


def _part(batch: _Batch, block: Block, precision: torch.dtype) -> _Part:
    _, image, pixels = block
    labels = batch.labels[image, pixels]
    ignored = labels == IGNORED
    return _Part(
        batch.scores[image, :, pixels].to(precision),
        labels.long().masked_fill(ignored, 0),
        ignored,
        None if batch.teacher is None else batch.teacher[image, :, pixels].to(precision),
        None if batch.spatial is None else batch.spatial[image, pixels].to(precision),
    )


def _block_size(logits: Tensor, pixels: int) -> int:
    return min(CPU_BLOCK if logits.device.type == "cpu" else DEVICE_BLOCK, pixels)


def _memory_format(logits: Tensor) -> torch.memory_format:
    if logits.is_contiguous():
        return torch.contiguous_format
    if logits.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return torch.contiguous_format
