"""Which device computes, and how many processes load its data."""

from __future__ import annotations

import os

import torch


def choose_device() -> torch.device:
    """The GPU when there is one, else the CPU with the threads OMP_NUM_THREADS asks for."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    return torch.device("cpu")


def loading_processes(device: torch.device) -> int:
    """0 on the CPU, where loaders would only take cores from training; else up to 8."""
    return 0 if device.type == "cpu" else min(8, os.cpu_count() or 1)
