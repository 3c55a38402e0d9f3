"""The selection stage of label generation: logits in, predictions, codes, counts and labels out.

Usage, for one instance of B images (thresholds are the state that goes from instance to instance):

    measured = measure(logits, codebook)
    thresholds = update_thresholds(measured.histograms.sum(axis=0), thresholds, ...)
    selected = select(measured, thresholds)

On the CPU the logits are read in blocks of pixels small enough for the processor's cache, so that
neither a softmax tensor nor any other tensor of the size of the logits is ever written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.pixel_blocks import Block, blocks_of, share_blocks
from hiast.selection.codebook import LOG12_CODES, LOG12_CODES_PER_BIT, Codebook
from hiast.selection.histograms import kept_pixels, predicted_pixels
from hiast.selection.local_consistency import locally_consistent

CPU_BLOCK = 16384
"""Pixels per block: with 19 classes 1.2 MiB of float32 scores, which the caches of a core or two hold."""
DEVICE_BLOCK = 1 << 20
"""Pixels per block elsewhere: few launches, 80 MB of scratch with 19 classes."""
UNIQUE = 256.0
"""Weight of "is the maximum" in the sum that finds the argmax; class ids, at most 254, come on top."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """What the images of one batch show before any threshold. Tensors are on the logits' device.

    prediction: (B, H, W) uint8 class ids, the argmax (lowest id where classes tie).
    codes: (B, H, W) int16 confidence codes 0..K−1; `.numpy().view("uint16")` as files store them.
    histograms: (B, C, K) int64 numpy, candidates per predicted class and code.
    inconsistent: (B, H, W) bool, pixels the local-consistency gate leaves out: they are no candidates.
    None: the gate is off, every pixel is a candidate.
    """

    prediction: torch.Tensor
    codes: torch.Tensor
    histograms: NDArray[np.int64]
    codebook: Codebook
    inconsistent: torch.Tensor | None = None

    @property
    def candidates(self) -> torch.Tensor:
        """(B, H, W) uint8: the prediction where the pixel may become a label, 255 elsewhere."""
        if self.inconsistent is None:
            return self.prediction
        return self.prediction.masked_fill(self.inconsistent, IGNORED)


@dataclass(frozen=True, eq=False)
class Selection:
    """The labels of one batch. Tensors are on the logits' device.

    labels: (B, H, W) uint8, 255 = ignored. reason: (B, H, W) uint8, values of `Reason`.
    predicted_pixels, kept_pixels: (B, C) int64; predicted counts inconsistent pixels too.
    """

    labels: torch.Tensor
    reason: torch.Tensor
    predicted_pixels: NDArray[np.int64]
    kept_pixels: NDArray[np.int64]


def measure(
    logits: torch.Tensor,
    codebook: Codebook,
    *,
    local_consistency: float = 0.0,
    local_window: int = 5,
) -> Measurement:
    """Predictions, confidence codes and their histograms of logits (B, C, H, W), any float type.

    local_consistency: share of a pixel's local_window×local_window neighbourhood that must be
    predicted as its class, or the pixel is no candidate (`locally_consistent`); 0: no such gate.

    Codes are never more than one off those of a float64 softmax, and equal for ≥ 99.99 % of pixels
    (log12) or about as many (float16, whose cells a float32 confidence can just miss). Raises UserError
    for another shape, more than 254 classes, or NaN and infinite maxima.
    """
    if logits.ndim != 4 or not 1 <= logits.shape[1] < IGNORED or not logits.is_floating_point():
        raise UserError(
            f"logits have shape {tuple(logits.shape)} and type {logits.dtype}.",
            remedy="Give floating point scores of shape (batch, classes 1..254, height, width).",
        )
    batch, classes, height, width = logits.shape
    prediction = logits.new_empty((batch, height * width), dtype=torch.uint8)
    codes = logits.new_empty((batch, height * width), dtype=torch.int16)
    with torch.no_grad():
        _predict(logits.flatten(2), codebook, prediction, codes)
    prediction, codes = (flat.view(batch, height, width) for flat in (prediction, codes))
    return measurement_of(
        prediction,
        codes,
        classes,
        codebook,
        local_consistency=local_consistency,
        local_window=local_window,
    )


def measurement_of(
    prediction: torch.Tensor,
    codes: torch.Tensor,
    classes: int,
    codebook: Codebook,
    *,
    local_consistency: float = 0.0,
    local_window: int = 5,
) -> Measurement:
    """What `measure` returns, from predictions (B, H, W) uint8 and codes int16 that it has made before."""
    histograms = np.empty((len(prediction), classes, codebook.size), dtype=np.int64)
    with torch.no_grad():
        inconsistent = None
        if local_consistency > 0.0:
            inconsistent = ~locally_consistent(prediction, window=local_window, share=local_consistency)
        for image in range(len(prediction)):
            left_out = None if inconsistent is None else inconsistent[image]
            histograms[image] = _count(prediction[image], codes[image], left_out, classes, codebook)
    return Measurement(prediction, codes, histograms, codebook, inconsistent)


def select(measured: Measurement, thresholds: NDArray[np.float64]) -> Selection:
    """Labels and statistics for thresholds (C,) float64; a threshold above 1 keeps nothing of its class.

    A pixel is kept exactly where decode(code) ≥ θ of its predicted class and it is no inconsistent one.
    """
    first = torch.from_numpy(measured.codebook.first_kept_code(thresholds).astype(np.int16))
    bounds = first.to(measured.codes.device).index_select(0, measured.prediction.view(-1).int())
    below = measured.codes < bounds.view(measured.codes.shape)
    # `below` is 0 or 1 and IGNORED has all bits set: times 255, or-ed in, turns a class id into 255.
    reason = below.view(torch.uint8) * int(Reason.BELOW_THRESHOLD)
    labels = (below.view(torch.uint8) * IGNORED).bitwise_or_(measured.prediction)
    predicted = predicted_pixels(measured.histograms)
    if measured.inconsistent is not None:
        reason.masked_fill_(measured.inconsistent, int(Reason.INCONSISTENT))
        labels.masked_fill_(measured.inconsistent, IGNORED)
        for image, left_out in enumerate(measured.inconsistent):
            ids = measured.prediction[image][left_out]
            predicted[image] += torch.bincount(ids, minlength=len(thresholds)).cpu().numpy()
    return Selection(
        labels,
        reason,
        predicted,
        kept_pixels(measured.histograms, thresholds, measured.codebook),
    )


def _predict(
    scores: torch.Tensor, codebook: Codebook, prediction: torch.Tensor, codes: torch.Tensor
) -> None:
    """Fill prediction (B, N) and codes (B, N) from scores (B, C, N), block by block."""
    images, classes, pixels = scores.shape
    size = min(CPU_BLOCK if scores.device.type == "cpu" else DEVICE_BLOCK, pixels)

    def work(shared: Iterator[Block]) -> None:
        workspace = _Workspace(classes, size, scores.device)
        for _, image, part in shared:
            rest = workspace.argmax_and_rest(scores[image, :, part], prediction[image, part])
            codes[image, part] = _codes(rest, codebook)

    share_blocks(blocks_of(images, pixels, size), scores.device, work)


class _Workspace:
    """Scratch tensors of one image's blocks, allocated once."""

    def __init__(self, classes: int, block: int, device: torch.device) -> None:
        self.powers = torch.empty((classes, block), device=device)
        self.is_max = torch.empty((classes, block), device=device)
        self.top = torch.empty((1, block), device=device)
        ids = torch.arange(classes, device=device, dtype=torch.float32)
        self.weights = (ids + UNIQUE)[:, None]

    def argmax_and_rest(self, scores: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
        """Write the argmax of scores (C, n) to prediction (n,); return r = Σ over the other classes of
        exp(score − maximum), (n,) float32.

        The confidence is 1 / (1 + r). Summing the others alone keeps r exact where it is tiny, and 1−p
        with it; subtracting 1 from the whole sum would lose the codes near p = 1. The maximum's own
        power is exactly 1, so its integer part says which class it is and its fraction adds 0 to r.
        """
        pixels = scores.shape[1]
        powers, is_max, top = self.powers[:, :pixels], self.is_max[:, :pixels], self.top[:, :pixels]
        scores = scores.float()
        torch.amax(scores, 0, keepdim=True, out=top)
        torch.sub(scores, top, out=powers).mul_(math.log2(math.e))
        torch.exp2(powers, out=powers)
        torch.trunc(powers, out=is_max).mul_(self.weights)
        rest = powers.frac_().sum(0)
        found = is_max.sum(0)
        prediction.copy_(found.sub_(UNIQUE))
        if not float(found.max()) < UNIQUE:
            _settle_ties(scores, found, prediction, rest)
        return rest


def _settle_ties(
    scores: torch.Tensor, found: torch.Tensor, prediction: torch.Tensor, rest: torch.Tensor
) -> None:
    """Redo, in place, the pixels where more than one class reaches a power of 1."""
    tied = (~(found < UNIQUE)).nonzero().view(-1)
    some = scores.index_select(1, tied)
    top, best = some.max(0, keepdim=True)
    if not bool(torch.isfinite(top).all()):
        raise UserError(
            "the logits hold NaN or infinite values.",
            remedy="Check the weights of the model that made them; training may have diverged.",
        )
    powers = (some - top).exp_().scatter_(0, best, 0.0)
    prediction.index_copy_(0, tied, best.view(-1).to(torch.uint8))
    rest.index_copy_(0, tied, powers.sum(0))


def _codes(rest: torch.Tensor, codebook: Codebook) -> torch.Tensor:
    """Codes of confidence 1 / (1 + r), where 1−p = r / (1 + r) and so −log2(1−p) = log2(1 + 1/r)."""
    if codebook.name == "float16":
        return (1.0 / (1.0 + rest)).half().view(torch.int16)
    bits = rest.reciprocal_().add_(1.0).log2_()
    return bits.mul_(LOG12_CODES_PER_BIT).clamp_(max=LOG12_CODES - 1)


def _count(
    prediction: torch.Tensor,
    codes: torch.Tensor,
    left_out: torch.Tensor | None,
    classes: int,
    codebook: Codebook,
) -> NDArray[np.int64]:
    cells = prediction.to(torch.int32).mul_(codebook.size).add_(codes)
    counted = cells.view(-1) if left_out is None else cells[~left_out]
    counts = torch.bincount(counted, minlength=classes * codebook.size)
    return counts.view(classes, codebook.size).cpu().numpy()
