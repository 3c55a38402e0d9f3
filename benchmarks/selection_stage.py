"""Time of the selection stage against torch's softmax(1).max(1) alone on the same logits.

    OMP_NUM_THREADS=2 python benchmarks/selection_stage.py

Both run in one process, in turn; reported are the median of the ratios of neighbouring runs, the median
times, and how much memory each adds at its peak. Logits: batch 2, 19 classes, 768×1536, once smooth
(upsampled, as networks give them), once noise, at 1 and 2 threads.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from measuring import added_memory, in_turn

from hiast.selection import Codebook, update_class_values_from_histogram, update_thresholds
from hiast.selection.stage import Selection, measure, select


def selection_stage(logits: torch.Tensor, codebook: Codebook) -> tuple[Selection, np.ndarray, np.ndarray]:
    """Everything label generation does between the network and the files."""
    classes = logits.shape[1]
    measured = measure(logits, codebook)
    counts = measured.histograms.sum(axis=0)
    thresholds = update_thresholds(
        counts, np.full(classes, 0.9), alpha=0.5, beta=0.9, gamma=8.0, codebook=codebook
    )
    selected = select(measured, thresholds)
    values = update_class_values_from_histogram(np.zeros(classes), counts, thresholds, codebook=codebook)
    return selected, thresholds, values


def softmax_max(logits: torch.Tensor) -> object:
    return logits.softmax(1).max(1)


def example_logits(kind: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    if kind == "noise":
        return torch.randn((2, 19, 768, 1536), generator=generator) * 4
    coarse = torch.randn((2, 19, 24, 48), generator=generator) * 5
    return torch.nn.functional.interpolate(coarse, size=(768, 1536), mode="bilinear").contiguous()


def compare(logits: torch.Tensor, codebook: Codebook, runs: int) -> str:
    measured = in_turn(lambda: selection_stage(logits, codebook), lambda: softmax_max(logits), runs)
    memory = added_memory(lambda: selection_stage(logits, codebook)) / 2**20
    softmax_memory = added_memory(lambda: softmax_max(logits)) / 2**20
    return (
        f"ratio {measured.ratio:5.2f}   stage {measured.ours * 1e3:6.1f} ms, +{memory:4.0f} MiB"
        f"   softmax+max {measured.theirs * 1e3:6.1f} ms, +{softmax_memory:4.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    for kind in ("smooth", "noise"):
        logits = example_logits(kind)
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            for codebook in (Codebook.log12(), Codebook.float16()):
                result = compare(logits, codebook, arguments.runs)
                print(f"{kind:6} {threads} thread(s) {codebook.name:7} {result}", flush=True)


if __name__ == "__main__":
    main()
