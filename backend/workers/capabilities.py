"""What a worker has, and what a job needs of it."""

from __future__ import annotations

from typing import NamedTuple


class Capabilities(NamedTuple):
    """GPUs and the memory, in GiB, of the smallest of them. Of a worker: has; of a job: needs."""

    gpus: int = 0
    gpu_memory_gib: float = 0.0
