"""Training on several processes that `torchrun` started: who am I, and sums over all of us.

Every process computes its own images of a batch; losses are normalised by the pixel counts of the
whole batch and gradients are summed, so that n processes take the same steps as one. Started without
torchrun, there is one process and every function here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

from hiast.contracts.errors import LostProcessError, UserError

LONGEST_WAIT: Final = timedelta(days=2)
"""The others wait while process 0 labels and evaluates, which on a large set takes hours."""


@contextmanager
def process_group(device: Literal["auto", "cpu", "cuda"] = "auto") -> Iterator[None]:
    """Join the other processes of torchrun, NCCL on GPUs and gloo on CPUs; leave them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    on_gpus = device != "cpu" and torch.cuda.is_available()
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpus else "gloo", timeout=LONGEST_WAIT)
    try:
        yield
    finally:
        dist.destroy_process_group()


def process_count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def process_number() -> int:
    """This one's number, from 0. Process 0 writes the files."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def _together() -> Iterator[None]:
    """Around what needs every process: raises LostProcessError when one of them is gone."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise LostProcessError(
            f"another of the {process_count()} training processes has ended ({error}).",
            remedy="The log says why; then train again.",
        ) from error


def wait_for_all() -> None:
    """Return when every process has come here."""
    if dist.is_initialized():
        with _together():
            dist.barrier()


def told_by_first(value: int) -> int:
    """What process 0 gave for `value`, in every process."""
    if not dist.is_initialized():
        return value
    on_gpus = dist.get_backend() == "nccl"
    told = torch.tensor(value, device=torch.cuda.current_device() if on_gpus else "cpu")
    with _together():
        dist.broadcast(told, src=0)
    return int(told)


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of `values` over all processes, in every one of them."""
    if not dist.is_initialized():
        return values
    total = values.detach().clone()
    with _together():
        dist.all_reduce(total)
    return total


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its sum over all processes, sent as one flat buffer."""
    if not dist.is_initialized():
        return
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in trained]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    with _together():
        dist.all_reduce(flat)
    parts = torch.split_with_sizes(flat, [gradient.numel() for gradient in gradients])
    for parameter, gradient, part in zip(trained, gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
        parameter.grad = gradient


def require_same_steps(batch_size: int, free_batch_norm: bool) -> None:
    """Raise UserError where several processes could not take the steps of one."""
    count = process_count()
    if batch_size % count:
        raise UserError(
            f"training.batch_size {batch_size} cannot be shared by {count} processes (--nproc-per-node).",
            where="training.batch_size",
            remedy="Make it a multiple of the number of processes.",
        )
    if count > 1 and free_batch_norm:
        raise UserError(
            f"training.freeze_batch_norm is false, but {count} processes train (--nproc-per-node): each "
            "would have batch-norm statistics of its own.",
            where="training.freeze_batch_norm",
            remedy="Freeze batch norm (the official setting), or train in one process.",
        )
