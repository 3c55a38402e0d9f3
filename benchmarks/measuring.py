"""How the benchmarks measure: wall time, peak memory, and one way of doing a thing against another."""

from __future__ import annotations

import ctypes
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch


class Comparison(NamedTuple):
    """ratio: median of ours / theirs over neighbouring runs; ours, theirs: median seconds."""

    ratio: float
    ours: float
    theirs: float


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> Comparison:
    """Run both once, uncounted, then in turn, so that a machine whose speed drifts treats them alike."""
    theirs()
    ours()
    pairs = [(seconds(theirs), seconds(ours)) for _ in range(runs)]
    ratio = statistics.median(mine / other for other, mine in pairs)
    other, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Comparison(ratio, mine, other)


def seconds(work: Callable[[], object]) -> float:
    """Wall time, work on a GPU included."""
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def added_memory(work: Callable[[], object]) -> int:
    """Peak resident memory above the start, in bytes, sampled each half millisecond (Linux)."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # freed memory given back, or its reuse would not show
    before = peak = _resident_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, _resident_bytes())
            time.sleep(0.0005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return peak - before


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
