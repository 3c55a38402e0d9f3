"""Training the student of one round on reviewed pseudo-labels."""

from __future__ import annotations

import torch
from torch import Tensor

from hiast.augmentation import strong_view
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.reports import LabelSetReport, OnProgress, Progress
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.training_spec import TrainingSpec
from hiast.models import (
    SegmentationModel,
    backbone_and_head_parameters,
    freeze_batch_norm,
    make_teacher,
    place,
    update_teacher,
)
from hiast.pasting.draws import STRONG
from hiast.rounds.batches import BatchPlan, Sample, load_both, seed_dropout
from hiast.rounds.checks import memory_explained, require_finite
from hiast.rounds.processes import require_same_steps, sum_gradients
from hiast.rounds.schedules import learning_rates, set_learning_rates
from hiast.rounds.source_images import SourceImages, source_batch
from hiast.rounds.student_losses import StudentLosses
from hiast.rounds.training_state import StateFile, TrainingState


def train_student(
    student: SegmentationModel,
    target: BatchPlan,
    source: BatchPlan | None,
    spec: RunSpec,
    number: int,
    *,
    label_set: LabelSetReport,
    state_file: StateFile | None,
    device: torch.device,
    on_progress: OnProgress,
) -> tuple[SegmentationModel, dict[str, float]]:
    """Train `student` in place for round `number`; returns its EMA teacher and the last losses.

    The student sees the strong view, the teacher the weak one; both share geometry and pasted pixels
    (HIAST, arXiv 2302.06992). `source` adds a supervised loss of weight spec.training.source_weight.
    Goes on where a training with the same `state_file` stopped.
    """
    training, compute = spec.training, spec.compute
    require_same_steps(training.batch_size, free_batch_norm=not training.freeze_batch_norm)
    place(student, device).train()
    if training.freeze_batch_norm:
        freeze_batch_norm(student)
    student.use_gradient_checkpointing(compute.gradient_checkpointing)
    teacher = make_teacher(student)
    backbone, head = backbone_and_head_parameters(student)
    rate = training.learning_rates[min(number, len(training.learning_rates)) - 1]
    base_rates = [rate, rate * training.head_multiplier]
    optimizer = torch.optim.Adam(
        [{"params": backbone}, {"params": head}], lr=rate, weight_decay=training.weight_decay
    )
    scaler = torch.amp.GradScaler(device.type, enabled=compute.precision == "float16")
    state = TrainingState(
        state_file,
        {"student": student, "teacher": teacher, "optimizer": optimizer, "scaler": scaler},
        compute.checkpoint_every,
    )
    start = state.resume()
    if compute.compile:
        student.compile()
        teacher.compile()
    losses = StudentLosses(student, teacher, spec, label_set, device)

    for iteration, samples, source_samples in load_both(target, source, start, training.iterations, device):
        with memory_explained(training, compute):
            rates = learning_rates(training.schedule, base_rates, iteration, training.iterations)
            set_learning_rates(optimizer, rates)
            seed_dropout(target, iteration)
            batch = target.weak_views(samples, iteration, device)
            strong = strong_view(batch.images, target.generators(iteration, batch.places, STRONG))
            on_source = _source_images(source, source_samples, training, iteration, batch.images, device)
            optimizer.zero_grad(set_to_none=True)
            terms = losses.backward(batch, strong, on_source, target, iteration, scaler)
            require_finite(terms["total"], iteration, batch.names)
            sum_gradients([*backbone, *head])
            scaler.step(optimizer)
            scaler.update()
            update_teacher(teacher, student, training.ema_decay)
        metrics: dict[str, float] = {}
        if (iteration + 1) % training.log_every == 0 or iteration + 1 == training.iterations:
            metrics = {name: float(value) for name, value in terms.items()}
            metrics["kept_share"] = float((batch.labels != IGNORED).float().mean())
            metrics["learning_rate"] = rates[0]
        state.report(
            Progress(stage="train", done=iteration + 1, total=training.iterations, metrics=metrics),
            on_progress,
        )
    return teacher, state.metrics


def _source_images(
    source: BatchPlan | None,
    samples: list[Sample] | None,
    training: TrainingSpec,
    iteration: int,
    styles: Tensor,
    device: torch.device,
) -> SourceImages | None:
    """The source images of one iteration; None: the source plays no part."""
    if source is None or samples is None:
        return None
    return source_batch(
        source,
        samples,
        iteration,
        colour_jitter=training.source_colour_jitter,
        fourier_beta=training.source_fourier_beta,
        styles=styles,
        device=device,
    )
