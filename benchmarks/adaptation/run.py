"""Train and score every arm of the table in docs/results.md; goes on where it was interrupted.

    OMP_NUM_THREADS=1 python -m benchmarks.adaptation.run --camvid DIR --work DIR [--sets …] [--seeds …]

Each finished arm is one JSON file below --work/results; `table.py` makes the table of them. Two of these
can run side by side on different sets. Labels of the target and the validation set score, they never
choose: the network of an arm is always the teacher of its last round.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from pydantic import BaseModel

from benchmarks.adaptation.arms import (
    ARMS,
    ROUNDS,
    SELF_TRAINING_ARMS,
    continued_spec,
    self_training_spec,
    source_spec,
    warm_up_spec,
)
from benchmarks.adaptation.sets import SETS, dataset_specs
from hiast.contracts.reports import EvaluationReport, LabelQualityReport, LabelSetReport, Progress
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data.atomic_files import write_atomically
from hiast.models import save_checkpoint
from hiast.rounds.run_files import Sets
from hiast.rounds.steps import (
    evaluate_checkpoint,
    label_directory,
    open_sets,
    train_directory,
    warmed_up_model,
)


class ArmResult(BaseModel):
    """What an arm scored."""

    set: str
    seed: int
    arm: str
    evaluation: EvaluationReport
    student: EvaluationReport | None = None
    labels: list[LabelQualityReport] = []
    kept_shares: list[float] = []
    seconds: float = 0.0


def warmed_up(spec: RunSpec, sets: Sets, directory: Path) -> Path:
    """The checkpoint behind the warm-up of a spec, made when it is not there."""
    path = directory / WARM_UP_FILE
    if not path.exists():
        model = warmed_up_model(spec, sets.source, sets.target, directory, quiet)
        save_checkpoint(path, model, metadata={"class_space": sets.target.classes.name})
    return path


def self_trained(
    spec: RunSpec, sets: Sets, start: Path, directory: Path
) -> tuple[Path, Path, list[LabelSetReport]]:
    """Teacher and student after all rounds, and the labels' totals of each."""
    teacher = student = start
    label_sets: list[LabelSetReport] = []
    for number in range(1, ROUNDS + 1):
        place = directory / str(number)
        label_sets.append(label_directory(spec, number, sets.target, teacher, place, quiet))
        if not (place / TEACHER_FILE).exists():
            train_directory(spec, number, sets, place, student, place, quiet)
        teacher, student = place / TEACHER_FILE, place / STUDENT_FILE
    return teacher, student, label_sets


def quiet(_progress: Progress) -> None:
    """Progress is what `results` holds."""


def finish_arm(name: str, seed: int, arm: str, camvid: Path, work: Path) -> ArmResult:
    """Make whatever the arm needs and is not there yet, then the arm."""
    specs = dataset_specs(name, camvid, work / "data")
    place = work / name / str(seed)
    spec = source_spec(name, seed, specs)
    sets = open_sets(spec, work / name, quiet)
    assert sets.validation is not None
    source = warmed_up(spec, sets, place / "source")
    began = time.perf_counter()
    student: Path | None = None
    label_sets: list[LabelSetReport] = []
    if arm in ("source only", "+ colour jitter"):
        jitter = 0.4 if arm == "+ colour jitter" else 0.0
        spec = continued_spec(name, seed, specs, str(source), jitter)
        network = warmed_up(spec, sets, place / f"continued_{jitter}")
    else:
        spec = warm_up_spec(name, seed, specs, str(source))
        network = warmed_up(spec, sets, place / "warm_up")
    if arm in SELF_TRAINING_ARMS:
        began = time.perf_counter()
        spec = self_training_spec(name, seed, specs, str(network), arm)
        folder = "".join(c if c.isalnum() else "_" for c in arm).strip("_")
        network, student, label_sets = self_trained(spec, sets, network, place / folder)
    return ArmResult(
        set=name,
        seed=seed,
        arm=arm,
        seconds=round(time.perf_counter() - began, 1),
        evaluation=evaluate_checkpoint(spec, network, sets.validation, quiet),
        student=evaluate_checkpoint(spec, student, sets.validation, quiet) if student else None,
        labels=[label_set.quality for label_set in label_sets if label_set.quality],
        kept_shares=[label_set.kept_share for label_set in label_sets],
    )


def main() -> None:
    """Go through seeds, sets and arms; one line and one file each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--camvid", type=Path, required=True, help="CamVid at 240x180 with its list files")
    parser.add_argument("--work", type=Path, required=True, help="where networks, labels and results go")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    options = parser.parse_args()
    for seed in options.seeds:
        for name in options.sets:
            for number, arm in enumerate(ARMS):
                path = options.work / "results" / f"{name}_{seed}_{number}.json"
                if arm not in options.arms or path.exists():
                    continue
                result = finish_arm(name, seed, arm, options.camvid, options.work)
                write_atomically(path, result.model_dump_json(indent=1).encode())
                print(
                    f"{name:8} seed {seed} {arm:24} mIoU {100 * result.evaluation.mean_iou:.2f}"
                    f" ({result.seconds:.0f} s)",
                    flush=True,
                )


if __name__ == "__main__":
    main()
