"""Seconds that scanning 25,000 pairs takes: first scan, rescan, and a scan resumed half way.

    OMP_NUM_THREADS=1 python benchmarks/scanning.py [--pairs 25000] [--check headers]

Makes a GTA5 tree of 64×32 PNG pairs in a temporary folder. Files that small leave out what the disk adds
for large ones; for a check of headers that is a few blocks a file whatever its size.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from hiast.contracts.datasets import DatasetScan, DatasetSpec
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import Progress
from hiast.data import scan_dataset


def write_tree(root: Path, pairs: int) -> None:
    rng = np.random.default_rng(0)
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    Image.fromarray(rng.integers(0, 256, (32, 64, 3), np.uint8)).save(root / "image.png")
    Image.fromarray(rng.integers(0, 35, (32, 64), np.uint8)).save(root / "label.png")
    image, label = (root / "image.png").read_bytes(), (root / "label.png").read_bytes()
    for number in range(pairs):
        (root / f"images/{number:05d}.png").write_bytes(image)
        (root / f"labels/{number:05d}.png").write_bytes(label)


def timed(what: str, scan: Callable[[], DatasetScan | None]) -> None:
    start = time.perf_counter()
    found = scan()
    usable = f", {len(found.usable):,} usable" if found else ""
    print(f"{what:32} {time.perf_counter() - start:6.2f} s{usable}")


def stop_half_way(spec: DatasetSpec, journal: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done >= progress.total // 2:
            raise Canceled

    try:
        scan_dataset(spec, stop, journal)
    except Canceled:
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=25_000)
    parser.add_argument("--check", choices=["auto", "headers", "pixels"], default="auto")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, whole, half = (Path(folder) / name for name in ("gta5", "whole.jsonl", "half.jsonl"))
        write_tree(root, arguments.pairs)
        spec = DatasetSpec(kind="gta5", root=str(root), check=arguments.check)
        timed("first scan", lambda: scan_dataset(spec, lambda _progress: None, whole))
        timed("rescan", lambda: scan_dataset(spec, lambda _progress: None, whole))
        timed("first scan, stopped half way", lambda: stop_half_way(spec, half))
        timed("... resumed", lambda: scan_dataset(spec, lambda _progress: None, half))


if __name__ == "__main__":
    main()
