"""Which device computes, in which precision, and how many processes load its data."""

from __future__ import annotations

import os
from typing import Literal

import torch

from hiast.augmentation.normalisation import normalise
from hiast.contracts.errors import UserError
from hiast.contracts.training_spec import ComputeSpec


def choose_device(wanted: Literal["auto", "cpu", "cuda"] = "auto") -> torch.device:
    """The device `ComputeSpec.device` asks for: a GPU (under torchrun this process's own), or the CPU with
    the threads OMP_NUM_THREADS asks for. Raises UserError when a GPU is asked for and there is none."""
    if wanted != "cpu" and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if wanted == "cuda":
        raise UserError(
            "compute.device is 'cuda', but this machine has no GPU that torch can use.",
            where="compute.device",
            remedy="Use 'auto' or 'cpu', or a machine with a GPU.",
        )
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    return torch.device("cpu")


def loading_processes(device: torch.device) -> int:
    """0 on the CPU, where loaders would only take cores from training; else up to 8."""
    return 0 if device.type == "cpu" else min(8, os.cpu_count() or 1)


def autocast(device: torch.device, compute: ComputeSpec) -> torch.autocast:
    """The precision of the network's arithmetic. Raises UserError for float16 on a CPU."""
    if compute.precision == "float16" and device.type == "cpu":
        raise UserError(
            "compute.precision is float16, but this machine has no GPU.",
            where="compute.precision",
            remedy="Use bfloat16 or float32.",
        )
    if compute.precision == "float32":
        return torch.autocast(device.type, enabled=False)
    return torch.autocast(device.type, dtype=getattr(torch, compute.precision))


def network_input(images: torch.Tensor) -> torch.Tensor:
    """Images (B, 3, H, W), uint8 or float 0..1, as networks take them: normalised, channels last."""
    return normalise(images).contiguous(memory_format=torch.channels_last)
