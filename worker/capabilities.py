"""What this worker has: its GPUs and their memory, found without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Final

from backend.settings import get_settings
from backend.workers.capabilities import Capabilities
from hiast.contracts.errors import UserError

MIB_PER_GIB: Final = 1024.0


def capabilities() -> Capabilities:
    """GPUs this worker may use and the memory of the smallest; STUDIO_WORKER_GPUS and
    STUDIO_WORKER_GPU_MEMORY_GIB say otherwise where nvidia-smi cannot know (MIG, other makes)."""
    settings = get_settings()
    if settings.worker_gpus == 0:
        return Capabilities()
    memories = _visible(_listed(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    found = Capabilities(len(memories), min(memories, default=0.0))
    return Capabilities(
        found.gpus if settings.worker_gpus is None else settings.worker_gpus,
        found.gpu_memory_gib if settings.worker_gpu_memory_gib is None else settings.worker_gpu_memory_gib,
    )


def _listed() -> list[tuple[str, str, float]]:
    """Index, UUID and GiB of every GPU of the machine. Raises UserError when nvidia-smi fails."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=index,uuid,memory.total", "--format=csv,noheader,nounits"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if asked.returncode:
        raise UserError(
            f"nvidia-smi failed (exit code {asked.returncode}): {(asked.stderr or asked.stdout).strip()}",
            where="worker",
            remedy="Mend the driver, or set STUDIO_WORKER_GPUS (0: use no GPU).",
        )
    rows = [[cell.strip() for cell in line.split(",")] for line in asked.stdout.splitlines() if line]
    return [(index, uuid, float(mib) / MIB_PER_GIB) for index, uuid, mib in rows]


def _visible(listed: list[tuple[str, str, float]], wanted: str | None) -> list[float]:
    """GiB of the GPUs that CUDA_VISIBLE_DEVICES leaves: ids or beginnings of UUIDs, in front of the first
    that names none, as CUDA reads it."""
    if wanted is None:
        return [memory for _, _, memory in listed]
    memories = []
    for name in (part.strip() for part in wanted.split(",")):
        named = [
            memory for index, uuid, memory in listed if name and (name == index or uuid.startswith(name))
        ]
        if len(named) != 1:
            break
        memories += named
    return memories
