"""Time of the four self-training terms, forward and backward, against computing them one by one.

    OMP_NUM_THREADS=2 python benchmarks/loss_block.py

The terms of the comparison each take their own log_softmax, the straightforward way of writing them. Both
run in one process, in turn; reported are the median of the ratios of neighbouring runs, the median times,
how much memory each adds at its peak, and how far apart their gradients are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from measuring import added_memory, in_turn
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate, log_softmax, softmax

from hiast.losses import LossWeights, self_training_losses

SHAPES = ((2, 19, 512, 1024), (8, 11, 144, 192))
WEIGHTS = LossWeights()


def separate_terms(logits: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
    """The weighted sum of the four terms, each computed by itself."""
    classes = logits.shape[1]
    kept, ignored = labels != 255, labels == 255
    seg = cross_entropy(logits, labels, ignore_index=255)
    uniform = torch.full_like(logits, 1.0 / classes)
    kld = -(uniform * log_softmax(logits, 1)).sum(1)[kept].sum() / (classes * kept.sum())
    entropy = -(softmax(logits, 1) * log_softmax(logits, 1)).sum(1)[ignored].sum()
    consistency = -(teacher * log_softmax(logits, 1)).sum(1)[ignored].sum()
    return (
        WEIGHTS.seg * seg
        + WEIGHTS.kld * kld
        + (WEIGHTS.entropy * entropy + WEIGHTS.consistency * consistency) / (classes * ignored.sum())
    )


def together(logits: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
    return self_training_losses(logits, labels, teacher, weights=WEIGHTS).total


def gradient(loss: Callable[..., Tensor], logits: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
    leaf = logits.detach().requires_grad_()
    loss(leaf, labels, teacher).backward()
    assert leaf.grad is not None
    return leaf.grad


def example(shape: tuple[int, int, int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Smooth logits as networks give them, their confident half as labels, another network's softmax."""
    batch, classes, height, width = shape
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn((2 * batch, classes, height // 32, width // 32), generator=generator) * 5
    logits, other = interpolate(coarse, size=(height, width), mode="bilinear").chunk(2)
    confidence, prediction = logits.softmax(1).max(1)
    labels = torch.where(confidence > confidence.median(), prediction, 255)
    return logits.contiguous(), labels, other.softmax(1).contiguous()


def compare(shape: tuple[int, int, int, int], runs: int) -> str:
    inputs = example(shape)

    def ours() -> Tensor:
        return gradient(together, *inputs)

    def theirs() -> Tensor:
        return gradient(separate_terms, *inputs)

    reference = theirs()
    difference = float((ours() - reference).abs().max() / reference.abs().max())
    del reference
    measured = in_turn(ours, theirs, runs)
    return (
        f"{1 / measured.ratio:5.1f} times as fast"
        f"   together {measured.ours * 1e3:6.1f} ms, +{added_memory(ours) / 2**20:4.0f} MiB"
        f"   separate {measured.theirs * 1e3:6.1f} ms, +{added_memory(theirs) / 2**20:4.0f} MiB"
        f"   gradients differ by {difference:.0e} of the largest"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    for shape in SHAPES:
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            name = "×".join(str(side) for side in shape)
            print(f"{name:13} {threads} thread(s) {compare(shape, arguments.runs)}", flush=True)


if __name__ == "__main__":
    main()
