"""Time of one HIAST training iteration against a plain supervised step plus one teacher forward.

    OMP_NUM_THREADS=2 python benchmarks/training_iteration.py

The iteration is what `train_student` does between reading files and reporting: paste, weak and strong
views, teacher, student forward and backward, four losses, optimizer, teacher update. The yardstick is
the same network on the same batch: forward, cross-entropy, backward, the same optimizer's step, and one
forward of the teacher without gradients. In turn, in one process; reported is the median of the ratios
of neighbouring runs.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from measuring import in_turn

from hiast.augmentation import Donor, strong_view
from hiast.contracts.class_spaces import CITYSCAPES
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.data import ImageSet
from hiast.models import (
    SegmentationModel,
    build_model,
    freeze_batch_norm,
    make_teacher,
    place,
    update_teacher,
)
from hiast.pasting import PasteSource
from hiast.pasting.draws import STRONG
from hiast.rounds.batches import BatchPlan, Sample
from hiast.rounds.device import autocast, choose_device, network_input
from hiast.rounds.student_losses import StudentLosses

CLASSES = 19
HARD = tuple(range(14))


def samples(batch: int, size: tuple[int, int]) -> list[Sample]:
    """Images and labels as read from files, each with one donor; a third of the labels is ignored."""
    rng = np.random.default_rng(0)

    def pair() -> tuple[torch.Tensor, torch.Tensor]:
        image = torch.from_numpy(rng.integers(0, 256, (3, *size), dtype=np.uint8))
        coarse = torch.from_numpy(rng.integers(0, CLASSES * 3 // 2, (size[0] // 16 + 1, size[1] // 16 + 1)))
        label = coarse.repeat_interleave(16, 0).repeat_interleave(16, 1)[: size[0], : size[1]]
        return image, torch.where(label < CLASSES, label, 255).to(torch.uint8)

    return [Sample(str(i), i, *pair(), [Donor(0, "donor")], [pair()]) for i in range(batch)]


def compare(
    model: SegmentationModel,
    batch: int,
    size: tuple[int, int],
    crop: tuple[int, int],
    precision: str,
    runs: int,
) -> str:
    """One line of the result."""
    device = choose_device()
    spec = RunSpec.model_validate(
        {
            "name": "benchmark",
            "target": {"kind": "folder", "root": "unused"},
            "model": {"weights": "given"},
            "training": {"batch_size": batch, "crop": crop, "crop_heights": (size[0] // 2, size[0])},
            "compute": {"precision": precision},
        }
    )
    plan = BatchPlan(
        ImageSet(DatasetSpec(kind="folder", root="unused"), CITYSCAPES, ()),
        None,
        batch,
        crop,
        spec.training.crop_heights,
        seed=(1,),
        paste=PasteSource(HARD, [1 / len(HARD)] * len(HARD), {}, 1),
    )
    label_set = LabelSetReport(
        images=1, thresholds=[0.9] * CLASSES, class_values=[0.9] * CLASSES, hard_classes=list(HARD),
        sampling_probabilities=[0.0] * CLASSES, kept_share=0.5, class_kept_pixels=[],
        class_predicted_pixels=[],
    )  # fmt: skip
    student = place(model, device).train()
    freeze_batch_norm(student)
    teacher = make_teacher(student)
    optimizer = torch.optim.Adam([p for p in student.parameters() if p.requires_grad], lr=1e-6)
    scaler = torch.amp.GradScaler(device.type, enabled=False)
    losses = StudentLosses(student, teacher, spec, label_set, device)
    read = samples(batch, size)
    fixed = plan.weak_views(read, 0, device)

    def iteration() -> None:
        views = plan.weak_views(read, 0, device)
        strong = strong_view(views.images, plan.generators(0, views.places, STRONG))
        optimizer.zero_grad(set_to_none=True)
        losses.backward(views, strong, None, plan, 0, scaler)
        optimizer.step()
        update_teacher(teacher, student, 0.999)

    def plain() -> None:
        optimizer.zero_grad(set_to_none=True)
        with autocast(device, spec.compute):
            logits = student(network_input(fixed.images))
        loss = torch.nn.functional.cross_entropy(logits.float(), fixed.labels.long(), ignore_index=255)
        torch.autograd.backward(loss)
        optimizer.step()
        with torch.no_grad(), autocast(device, spec.compute):
            teacher(network_input(fixed.images))

    measured = in_turn(iteration, plain, runs)
    return (
        f"ratio {measured.ratio:5.2f}   HIAST {measured.ours * 1e3:7.1f} ms"
        f"   supervised + teacher {measured.theirs * 1e3:7.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    for name, width, batch, size, crop, precision in (
        ("deeplab_v2_resnet18", 32, 4, (180, 240), (144, 192), "float32"),
        ("deeplab_v2_resnet18", 32, 4, (180, 240), (144, 192), "bfloat16"),
        ("deeplab_v2_resnet18", 64, 2, (512, 1024), (256, 512), "float32"),
        ("deeplab_v2_resnet101", 64, 1, (512, 1024), (256, 512), "float32"),
    ):
        torch.manual_seed(0)
        model = build_model(name, CLASSES, base_width=width)
        result = compare(model, batch, size, crop, precision, runs)
        print(f"{name} width {width}, {batch} × {crop[0]}×{crop[1]}, {precision:8} {result}", flush=True)


if __name__ == "__main__":
    main()
