"""The mean teacher: a copy of the student whose weights follow it slowly (arXiv 1703.01780)."""

from __future__ import annotations

import copy

import torch
from torch import nn

from hiast.models.segmentation_model import SegmentationModel, unwrapped


def make_teacher(student: nn.Module) -> SegmentationModel:
    """A copy of the student in eval mode, without gradients; HIAST makes a new one every round.

    A wrapped student (DistributedDataParallel, torch.compile) gives a plain teacher.
    """
    teacher = copy.deepcopy(unwrapped(student))
    teacher.requires_grad_(False)
    return teacher.eval()


@torch.no_grad()
def update_teacher(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """After each iteration: teacher ← decay·teacher + (1 − decay)·student; buffers are copied.

    `decay` in 0..1 (HIAST: 0.999). Changes `teacher` in place. Both must have the same layout; the
    student may be wrapped (DistributedDataParallel, torch.compile). Raises ValueError for decay outside
    0..1.
    """
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"decay is {decay}; give 0 to 1")
    averages = [parameter.data for parameter in teacher.parameters()]
    weights = [parameter.data for parameter in student.parameters()]
    # The foreach form is one fused kernel for all weights on a GPU instead of one a tensor.
    torch._foreach_lerp_(averages, weights, 1.0 - decay)
    own, theirs = list(teacher.buffers()), list(student.buffers())
    if own:
        torch._foreach_copy_(own, theirs)
