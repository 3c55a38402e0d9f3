"""Training on the source set before round 1, with what the warm-up may see of the target."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.training_spec import ComputeSpec, WarmUpSpec
from hiast.data.image_set import ImageSet
from hiast.losses import supervised_loss
from hiast.models import SegmentationModel, place
from hiast.rounds.alignment import Alignment
from hiast.rounds.batches import BatchPlan, Sample, load_both, seed_dropout
from hiast.rounds.checks import memory_explained, require_finite
from hiast.rounds.device import autocast, network_input
from hiast.rounds.schedules import learning_rates, set_learning_rates
from hiast.rounds.source_images import source_batch
from hiast.rounds.training_state import StateFile, TrainingState

LOG_EVERY: Final = 5
WEIGHT_DECAY: Final = 1e-2


def warm_up(
    model: SegmentationModel,
    source: ImageSet,
    target: ImageSet,
    spec: WarmUpSpec,
    compute: ComputeSpec,
    *,
    seed: int,
    state_file: StateFile | None,
    device: torch.device,
    on_progress: OnProgress,
) -> None:
    """Train `model` in place: cross-entropy on source crops, AdamW, poly schedule.

    `target` is read, without its labels, only when spec.alignment, spec.min_entropy_weight or
    spec.fourier_beta asks for it. Runs in one process. Goes on where a warm-up with the same
    `state_file` stopped.
    """
    place(model, device).train()
    model.use_gradient_checkpointing(compute.gradient_checkpointing)
    plan = BatchPlan(
        source, source.read_label, spec.batch_size, spec.crop, spec.crop_heights, seed=(seed, 0)
    )
    sees_target = spec.alignment != "none" or spec.min_entropy_weight > 0 or spec.fourier_beta > 0
    target_plan = (
        BatchPlan(target, None, spec.batch_size, spec.crop, spec.crop_heights, seed=(seed, 0, 1))
        if sees_target
        else None
    )
    alignment = Alignment(spec, model.num_classes, seed, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, weight_decay=WEIGHT_DECAY)
    scaler = torch.amp.GradScaler(device.type, enabled=compute.precision == "float16")
    parts: dict[str, Any] = {"model": model, "optimizer": optimizer, "scaler": scaler}
    state = TrainingState(state_file, parts | alignment.parts(), compute.checkpoint_every)
    start = state.resume()
    if compute.compile:
        model.compile()

    for iteration, samples, target_samples in load_both(plan, target_plan, start, spec.iterations, device):
        with memory_explained(spec, compute):
            rates = learning_rates("poly", [spec.learning_rate], iteration, spec.iterations)
            set_learning_rates(optimizer, rates)
            seed_dropout(plan, iteration)
            on_target = _target_images(target_plan, target_samples, iteration, device)
            images, labels = source_batch(
                plan,
                samples,
                iteration,
                colour_jitter=spec.colour_jitter,
                fourier_beta=spec.fourier_beta,
                styles=on_target,
                device=device,
            )
            optimizer.zero_grad(set_to_none=True)
            with autocast(device, compute):
                logits = model(network_input(images)).float()
            terms = {"total": supervised_loss(logits, labels)}
            require_finite(terms["total"], iteration, [sample.name for sample in samples])
            torch.autograd.backward(scaler.scale(terms["total"]))
            if alignment.wanted and on_target is not None:
                with autocast(device, compute):
                    target_logits = model(network_input(on_target)).float()
                terms |= alignment.step(logits.detach(), target_logits, scaler, iteration)
            scaler.step(optimizer)
            scaler.update()
        metrics: dict[str, float] = {}
        if (iteration + 1) % LOG_EVERY == 0 or iteration + 1 == spec.iterations:
            metrics = {name: float(term.detach()) for name, term in terms.items()}
            metrics["learning_rate"] = rates[0]
        state.report(
            Progress(stage="warm_up", done=iteration + 1, total=spec.iterations, metrics=metrics),
            on_progress,
        )


def _target_images(
    plan: BatchPlan | None, samples: list[Sample] | None, iteration: int, device: torch.device
) -> Tensor | None:
    if plan is None or samples is None:
        return None
    return plan.weak_views(samples, iteration, device).images
