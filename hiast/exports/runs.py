"""Masks as run lengths, the way each tool writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BRUSH_SIZES: Final = (3, 4, 8, 16)
"""Bits that lengths of a Label Studio brush may have; each record names one of the four."""


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of a flat mask (N,), pixels outside it first: 0 where it begins inside."""
    edges = np.flatnonzero(np.diff(mask)) + 1
    lengths = np.diff(np.concatenate(([0], edges, [mask.size]))).tolist()
    return [0, *lengths] if mask.size and mask[0] else lengths


def coco_counts(mask: NDArray[np.bool_]) -> str:
    """A mask (H, W) as COCO writes it compressed: columns one below the other, each length as its
    difference to the one two before, in groups of five bits, printable (pycocotools `mask.encode`)."""
    lengths = run_lengths(mask.ravel(order="F"))
    written = bytearray()
    for place, length in enumerate(lengths):
        rest = length - lengths[place - 2] if place > 2 else length
        more = True
        while more:
            group = rest & 0x1F
            rest >>= 5
            more = rest != -1 if group & 0x10 else rest != 0
            written.append((group | (0x20 if more else 0)) + 48)
    return written.decode("ascii")


def bounding_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what the mask (H, W) holds, which is something."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


def brush_runs(mask: NDArray[np.bool_]) -> list[int]:
    """A mask (H, W) as Label Studio stores a brush: the bytes of its pixels as RGBA, row by row, packed.

    32 bits: how many values; 5: their width less 1; four times 4: the widths of lengths less 1. Then
    records: a 1 for a run, 2 bits for the width of its length, the length less 1, the value. Zeros fill the
    last byte.
    """
    lengths = [4 * length for length in run_lengths(mask.ravel())]
    parts = [f"{4 * mask.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _BRUSH_SIZES)]
    for place, length in enumerate(lengths):
        parts.extend(_records(length, 255 * (place % 2)))
    bits = "".join(parts)
    bits += "0" * (-len(bits) % 8)
    return list(int(bits, 2).to_bytes(len(bits) // 8, "big"))


def _records(length: int, value: int) -> Iterable[str]:
    longest = 1 << _BRUSH_SIZES[-1]
    while length > 0:
        part = min(length, longest)
        index = next(i for i, size in enumerate(_BRUSH_SIZES) if part <= 1 << size)
        yield f"1{index:02b}{part - 1:0{_BRUSH_SIZES[index]}b}{value:08b}"
        length -= part


def joined(lengths: Sequence[int]) -> str:
    """Lengths as CVAT writes them."""
    return ", ".join(map(str, lengths))
