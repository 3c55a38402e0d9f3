"""Batch-norm statistics of the target: the cheapest adaptation there is (AdaBN, arXiv 1603.04779)."""

from __future__ import annotations

import torch
from torch import nn

from hiast.contracts.reports import OnProgress, Progress
from hiast.models import SegmentationModel, place
from hiast.rounds.batches import BatchPlan, load_batches
from hiast.rounds.device import loading_processes, network_input


def adapt_batch_norm(
    model: SegmentationModel, target: BatchPlan, *, device: torch.device, on_progress: OnProgress
) -> None:
    """Replace the running statistics of every batch norm by those of the target's images, in place.

    Means over batches of weak views in which each image is seen once; weights stay as they are. A
    network without batch norm is left alone.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    place(model, device).eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    batches = max(1, len(target.images.entries) // target.batch_size)
    for iteration, samples in load_batches(target, 0, batches, loading_processes(device)):
        images = target.weak_views(samples, iteration, device).images
        with torch.no_grad():
            model(network_input(images))
        on_progress(
            Progress(stage="warm_up", done=iteration + 1, total=batches, message="batch norm of the target")
        )
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()
