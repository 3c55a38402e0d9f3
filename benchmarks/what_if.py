"""Replaying a round's thresholds on its stored counts: 2,975 images of 19 classes, and 25,000.

    OMP_NUM_THREADS=1 python benchmarks/what_if.py [--images 2975] [--pairs 13000]

The counts are synthetic: confidences of each class spread around a middle of its own, about a third of the
classes absent in an image. `--pairs`: (class, code) pairs an image has, which the time follows. Printed are
the replay alone, and beside it a pass of numpy over the same file (its sum), which a method that counts
instead of searching could not avoid.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from measuring import in_turn

from hiast.data.histogram_files import read_histograms, writing_histograms
from hiast.selection import Codebook, CountedCodes
from hiast.selection.replay import CountedRound, replay_round, store_counts

CLASSES = 19
KINDS = 120
"""Different images; a round repeats them."""


def image(rng: np.random.Generator, book: Codebook, pairs: int) -> CountedCodes:
    histogram = np.zeros((CLASSES, book.size), np.int64)
    present = np.flatnonzero(rng.random(CLASSES) > 0.35)
    for class_id in present:
        spread = pairs / max(1, len(present)) / 5
        codes = rng.normal(rng.uniform(500, 3000), spread, 60_000)
        histogram[class_id] = np.bincount(np.clip(codes, 0, book.size - 1).astype(int), minlength=book.size)
        histogram[class_id] *= int(rng.integers(1, 8))
    return CountedCodes.of(histogram, book)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2975)
    parser.add_argument("--pairs", type=int, default=13_000)
    arguments = parser.parse_args()
    rng, book = np.random.default_rng(0), Codebook.log12()
    kinds = [image(rng, book, arguments.pairs) for _ in range(KINDS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "histograms.bin"
        with writing_histograms(path, CLASSES, book.name) as writer:
            for place in range(arguments.images):
                store_counts(writer, kinds[place % KINDS])
        counted = CountedRound.of(read_histograms(path))
        start = np.full(CLASSES, 0.9)

        def replay() -> object:
            return replay_round(counted, range(arguments.images), start, alpha=0.5, beta=0.9, gamma=8.0)

        def add_up() -> object:
            return counted.stored.words.sum(dtype=np.int64)

        found = in_turn(replay, add_up, 7)
        pairs = np.mean([len(kind.keys) for kind in kinds])
        print(f"{arguments.images} images, {pairs:.0f} pairs each, file {path.stat().st_size / 1e6:.0f} MB")
        print(f"replay {found.ours * 1e3:.0f} ms; adding up its numbers {found.theirs * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
