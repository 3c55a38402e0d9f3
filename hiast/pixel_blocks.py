"""Working through a batch of images in blocks of pixels; on the CPU each thread takes whole blocks.

A block of all classes fits the processor's cache, so several operations on it cost one trip to memory.
Splitting every operation over all threads instead would make them wait for each other a thousand times
an image, and on a machine that is busy with something else most of the time would go into that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import torch


class Block(NamedTuple):
    """Some neighbouring pixels of one image; `number` counts the blocks of a batch from 0."""

    number: int
    image: int
    pixels: slice


def blocks_of(images: int, pixels: int, size: int) -> list[Block]:
    """All blocks of `images` images of `pixels` pixels each, at most `size` pixels a block.

    They do not depend on the number of threads, so neither does a sum taken block by block.
    """
    starts = [(image, start) for image in range(images) for start in range(0, pixels, size)]
    return [
        Block(number, image, slice(start, min(start + size, pixels)))
        for number, (image, start) in enumerate(starts)
    ]


def share_blocks(
    blocks: Sequence[Block], device: torch.device, work: Callable[[Iterator[Block]], None]
) -> None:
    """Call `work` in each of torch.get_num_threads() threads (CPU), or once (other devices).

    All calls draw from one iterator: a thread that is held up leaves blocks to the others. Inside a
    thread torch's operations use that thread alone and record no gradients.
    """
    shared = iter(blocks)
    threads = min(torch.get_num_threads(), len(blocks)) if device.type == "cpu" else 1
    if threads <= 1:
        with torch.no_grad():
            work(shared)
        return
    before, inference = torch.get_num_threads(), torch.is_inference_mode_enabled()

    def alone() -> None:
        torch.set_num_threads(1)
        with torch.inference_mode(inference), torch.no_grad():  # a new thread inherits neither
            work(shared)

    try:
        with ThreadPoolExecutor(threads) as pool:
            for finished in [pool.submit(alone) for _ in range(threads)]:
                finished.result()
    finally:
        torch.set_num_threads(before)  # it also is the default of threads that start later
