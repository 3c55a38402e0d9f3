"""Training the student of one round on reviewed pseudo-labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hiast.augmentation import donor_candidates, strong_view
from hiast.augmentation.class_sampling import class_sampling_probabilities
from hiast.augmentation.normalisation import normalise
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.reports import LabelReport, LabelSetReport, OnProgress, Progress
from hiast.contracts.run_spec import LossSpec, PasteSpec, TrainingSpec
from hiast.losses import LossWeights, SelfTrainingLosses, self_training_losses, supervised_loss
from hiast.models import (
    DeepLabV2,
    backbone_and_head_parameters,
    freeze_batch_norm,
    make_teacher,
    place,
    update_teacher,
)
from hiast.rounds.batches import BatchPlan, PasteSource, load_batches, torch_generator
from hiast.rounds.checks import require_finite
from hiast.rounds.device import loading_processes
from hiast.rounds.schedules import learning_rates, set_learning_rates


def paste_source(
    reports: Sequence[LabelReport], label_set: LabelSetReport, paste: PasteSpec
) -> PasteSource | None:
    """Donors among the labels that are trained on (rejected ones give none); None: nothing to paste."""
    if not paste.enabled or not label_set.hard_classes:
        return None
    images_by_class = {
        c: [[report.name, report.kept_pixels[c]] for report in reports] for c in label_set.hard_classes
    }
    candidates = donor_candidates(images_by_class)
    has_donor = [bool(candidates.get(c)) for c in range(len(label_set.class_values))]
    probabilities = class_sampling_probabilities(
        torch.tensor(label_set.class_values), label_set.hard_classes, has_donor=has_donor
    )
    return PasteSource(label_set.hard_classes, probabilities.tolist(), candidates, paste.max_donors)


def train_student(
    student: DeepLabV2,
    target: BatchPlan,
    spec: TrainingSpec,
    losses: LossSpec,
    *,
    learning_rate: float,
    source: BatchPlan | None,
    device: torch.device,
    on_progress: OnProgress,
) -> tuple[DeepLabV2, dict[str, float]]:
    """Train `student` in place; returns its EMA teacher and the last losses.

    The student sees the strong view, the teacher the weak one; both share geometry and pasted pixels
    (HIAST, arXiv 2302.06992). `source` adds a supervised loss of weight spec.source_weight.
    """
    place(student, device).train()
    if spec.freeze_batch_norm:
        freeze_batch_norm(student)
    teacher = make_teacher(student)
    backbone, head = backbone_and_head_parameters(student)
    base_rates = [learning_rate, learning_rate * spec.head_multiplier]
    optimizer = torch.optim.Adam(
        [{"params": backbone}, {"params": head}], lr=learning_rate, weight_decay=spec.weight_decay
    )
    weights = LossWeights(**losses.model_dump())
    last: dict[str, float] = {}
    for iteration, batch in load_batches(target, 0, spec.iterations, loading_processes(device)):
        rates = learning_rates(spec.schedule, base_rates, iteration, spec.iterations)
        set_learning_rates(optimizer, rates)
        weak, labels = batch.images.to(device), batch.labels.to(device)
        generator = torch_generator(np.random.default_rng([*target.seed, iteration, 1]))
        strong = strong_view(weak, generator)
        with torch.no_grad():
            teacher_view = teacher(normalise(weak)).softmax(1) if weights.consistency > 0 else None
        terms = self_training_losses(student(normalise(strong)), labels, teacher_view, weights=weights)
        total = terms.total
        if source is not None and spec.source_weight > 0:
            seen = source[iteration]
            on_source = student(normalise(seen.images.to(device)))
            total = total + spec.source_weight * supervised_loss(on_source, seen.labels.to(device))
        require_finite(total, iteration, batch.names)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        optimizer.step()
        update_teacher(teacher, student, spec.ema_decay)
        metrics: dict[str, float] = {}
        if (iteration + 1) % spec.log_every == 0 or iteration + 1 == spec.iterations:
            last = _metrics(terms, batch.labels)
            metrics = {**last, "learning_rate": rates[0]}
        on_progress(Progress(stage="train", done=iteration + 1, total=spec.iterations, metrics=metrics))
    return teacher, last


def _metrics(terms: SelfTrainingLosses, labels: torch.Tensor) -> dict[str, float]:
    """The curve point of one iteration: the loss terms by the names of their weights, and what was kept."""
    return {
        "seg": float(terms.seg.detach()),
        "kld": float(terms.kld_confident.detach()),
        "entropy": float(terms.entropy_ignored.detach()),
        "consistency": float(terms.consistency_ignored.detach()),
        "total": float(terms.total.detach()),
        "kept_share": float((labels != IGNORED).float().mean()),
    }
