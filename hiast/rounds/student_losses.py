"""One step of the student: its losses and their gradients, over parts of a batch and over processes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from hiast.augmentation.feature_mixing import mix_hard_class_features
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.losses import (
    LossWeights,
    RegionCounts,
    count_regions,
    self_training_losses,
    spatial_weights,
    supervised_loss,
)
from hiast.models import SegmentationModel
from hiast.pasting.draws import MIXING
from hiast.rounds.batches import Batch, BatchPlan
from hiast.rounds.device import autocast, network_input
from hiast.rounds.processes import sum_over_processes
from hiast.rounds.source_images import SourceImages

TERMS: Final = ("seg", "kld", "entropy", "consistency", "total")


@dataclass(frozen=True, eq=False)
class StudentLosses:
    """Student and teacher of a round, and what weighs their losses."""

    student: SegmentationModel
    teacher: SegmentationModel
    spec: RunSpec
    label_set: LabelSetReport
    device: torch.device

    @cached_property
    def weights(self) -> LossWeights:
        """Weights of the four terms."""
        return LossWeights(**self.spec.losses.model_dump(exclude={"spatial"}))

    @cached_property
    def thresholds(self) -> Tensor:
        """Last thresholds of the round's labels, (C,)."""
        return torch.tensor(self.label_set.thresholds, device=self.device)

    def backward(
        self,
        batch: Batch,
        strong: Tensor,
        source: SourceImages | None,
        plan: BatchPlan,
        iteration: int,
        scaler: torch.amp.GradScaler,
    ) -> dict[str, Tensor]:
        """Add the gradients of one step to the student's; returns the terms by name, and `source`.

        Terms are normalised by the pixels of the whole batch, over all its parts and processes, so
        however it is divided the gradient is the same (up to rounding).
        """
        counts, source_count = self._counts(batch.labels, source)
        names = [*TERMS, "source"] if source is not None else list(TERMS)
        sums = torch.zeros(len(names), device=self.device)
        mixed = self._mixed(batch, plan, iteration)
        for part in torch.arange(len(strong), device=self.device).chunk(self.spec.compute.accumulation):
            terms = self._terms(batch, strong, part, mixed, counts)
            total = terms[-1]
            if source is not None:
                with autocast(self.device, self.spec.compute):
                    logits = self.student(network_input(source.images[part]))
                on_source = supervised_loss(logits.float(), source.labels[part], count=source_count)
                total = total + self.spec.training.source_weight * on_source
                terms = [*terms[:-1], total, on_source]
            torch.autograd.backward(scaler.scale(total))
            sums += torch.stack([term.detach().float() for term in terms])
        return dict(zip(names, sum_over_processes(sums), strict=True))

    def _counts(self, labels: Tensor, source: SourceImages | None) -> tuple[RegionCounts, Tensor | None]:
        regions = count_regions(labels)
        known = (source.labels != IGNORED).sum() if source is not None else regions.kept.new_zeros(())
        kept, ignored, known = sum_over_processes(torch.stack([*regions, known]))
        return RegionCounts(kept, ignored), known if source is not None else None

    def _mixed(self, batch: Batch, plan: BatchPlan, iteration: int) -> Tensor | None:
        """Which images of the batch get hard-class features of their neighbour in it; None: no mixing."""
        share = self.spec.paste.feature_mixing
        if share == 0 or not self.label_set.hard_classes:
            return None
        draws = [plan.rng(iteration, place, MIXING).random() < share for place in batch.places]
        return torch.tensor(draws, device=self.device)

    def _terms(
        self, batch: Batch, strong: Tensor, part: Tensor, mixed: Tensor | None, counts: RegionCounts
    ) -> list[Tensor]:
        weights, labels = self.weights, batch.labels[part]
        teacher_view = self._teacher_view(batch.images[part])
        with autocast(self.device, self.spec.compute):
            if mixed is None:
                logits = self.student(network_input(strong[part]))
            else:
                partners = torch.arange(len(part), device=self.device)
                partners = torch.where((partners ^ 1) < len(part), partners ^ 1, partners)
                features, labels, mask = mix_hard_class_features(
                    self.student.features(network_input(strong[part])),
                    labels,
                    partners,
                    self.label_set.hard_classes,
                    mixed[part],
                )
                logits = self.student.classify(features, (labels.shape[-2], labels.shape[-1]))
                if teacher_view is not None:
                    teacher_view = torch.where(mask[:, None], teacher_view[partners], teacher_view)
        spatial = None
        if self.spec.losses.spatial > 0 and teacher_view is not None:
            spatial = spatial_weights(teacher_view, labels, self.thresholds, self.spec.losses.spatial)
        return list(
            self_training_losses(
                logits.float(),
                labels,
                teacher_view if weights.consistency > 0 else None,
                weights=weights,
                counts=counts,
                spatial=spatial,
            )
        )

    def _teacher_view(self, weak: Tensor) -> Tensor | None:
        """Softmax (B, C, h, w) of the teacher on the weak view, when a term asks for it."""
        if self.spec.losses.consistency == 0 and self.spec.losses.spatial == 0:
            return None
        with torch.no_grad(), autocast(self.device, self.spec.compute):
            logits: Tensor = self.teacher(network_input(weak))
        return logits.float().softmax(1)
