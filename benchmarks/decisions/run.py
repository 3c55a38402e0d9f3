"""What a reviewer's decisions on the labels of round 1 change: the tables of docs/case_camvid_dusk.md.

    OMP_NUM_THREADS=1 nice python -m benchmarks.decisions.run --camvid DIR --work WORK

About 16 minutes for three seeds on one core, 9 of them for the networks; with --iterations 100 about 22.
Resumable: a finished arm is one JSON file and is not trained again. Networks that
`benchmarks.adaptation.run` left in WORK are used. Per seed one network labels CamVid at dusk once; every
arm trains from that network on those labels with that seed, and differs in nothing but the decisions.

The reviewer is the ground truth of the images it looks at (`reviewer.py`): simulated and never wrong. The
data set that is labelled and trained on is opened without its ground truth.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmarks.adaptation.arms import ROUND_ITERATIONS, self_training_spec, source_spec, warm_up_spec
from benchmarks.adaptation.run import quiet, warmed_up
from benchmarks.adaptation.sets import dataset_specs
from benchmarks.decisions.reviewer import (
    as_many_ignored,
    reviewed_names,
    worst_class,
    wrong_pixels_ignored,
    wrong_pixels_put_right,
)
from hiast.contracts.decisions import DecisionTotals, LabelDecision, decide_label, total
from hiast.contracts.reports import EvaluationReport, LabelReport, LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import TEACHER_FILE
from hiast.data import ImageSet, scan_dataset
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import DecidedLabels, correction_name, count_correction, encode_correction
from hiast.data.label_files import read_kept_label
from hiast.metrics import label_counts, label_quality
from hiast.models import load_model
from hiast.rounds.run_files import Sets, read_labels
from hiast.rounds.run_round import train_round
from hiast.rounds.steps import evaluate_checkpoint, label_directory, open_sets

AS_LABELLED: Final = "as labelled"
AGAIN: Final = "as labelled, again"
VETO: Final = "class veto"
DRAWN: Final = {
    "wrong pixels ignored": wrong_pixels_ignored,
    "wrong pixels put right": wrong_pixels_put_right,
}
CONTROL: Final = "as many at random ignored"
"""No reviewer would do that: it tells what any change of that size does."""
ARMS: Final = (AS_LABELLED, VETO, *DRAWN, CONTROL)


class DecisionResult(BaseModel):
    """What one arm changed, trained on and scored. Lists are per class."""

    seed: int
    arm: str
    iterations: int
    reviewed: list[str]
    worst_class: int
    """Of the reviewed images as they were labelled; the arm `class veto` leaves it out everywhere."""
    worst_precision: float
    """Its precision there."""
    kept_pixels: int
    """Of all labels as they were made."""
    changed: DecisionTotals
    coverage: float
    """Of the labels trained on, against the ground truth of all target images; precision as well."""
    precision: float
    before: EvaluationReport
    """The network that labelled, and that every arm starts from."""
    evaluation: EvaluationReport
    """The teacher after training."""
    teacher_sha256: str
    seconds: float


@dataclass(frozen=True)
class Labelled:
    """The labels of round 1 of one seed, what the reviewer sees of them, and what trains on them."""

    spec: RunSpec
    sets: Sets
    truth: ImageSet
    """The target with its ground truth, for the reviewer and for scores."""
    network: Path
    place: Path
    reports: list[LabelReport]
    label_set: LabelSetReport

    @property
    def labels(self) -> Path:
        """Where the label files lie; no arm writes there."""
        return self.place / "labels"

    @property
    def reviewed(self) -> list[str]:
        """The images the reviewer looks at."""
        return reviewed_names([report.name for report in self.reports], self.spec.seed)

    def true_classes(self, name: str) -> NDArray[np.uint8]:
        """Ground truth of one image."""
        return self.truth.read_label(self.truth.entry(name))

    def counts(self, labels: DecidedLabels, names: list[str]) -> NDArray[np.int64]:
        """`label_counts` of these images, as the labels are trained on."""
        classes = self.truth.classes.num_classes
        counts = np.zeros((classes, classes + 1), np.int64)
        for name in names:
            counts += label_counts(labels.read(name, classes)[0], self.true_classes(name), classes)
        return counts

    def reviewed_counts(self) -> NDArray[np.int64]:
        """`label_counts` of the reviewed images as they were labelled."""
        return self.counts(DecidedLabels(self.labels), self.reviewed)


def labelled(seed: int, iterations: int, camvid: Path, work: Path) -> Labelled:
    """The target labelled once by the warm-up's network, made where it is not there yet."""
    place = work / "decisions" / str(seed)
    specs = dataset_specs("dusk", camvid, work / "data")
    truth = specs["target"]
    specs["target"] = truth.model_copy(update={"labelled": False})
    spec = source_spec("dusk", seed, specs)
    sets = open_sets(spec, place, quiet)
    networks = work / "dusk" / str(seed)
    source = warmed_up(spec, sets, networks / "source")
    network = warmed_up(warm_up_spec("dusk", seed, specs, str(source)), sets, networks / "warm_up")
    spec = self_training_spec("dusk", seed, specs, str(network), "+ consistency = HIAST")
    training = spec.training.model_copy(update={"iterations": iterations})
    return Labelled(
        spec=spec.model_copy(update={"training": training}),
        sets=sets,
        truth=ImageSet.of(truth, scan_dataset(truth, quiet, place / "scans" / "truth.jsonl")),
        network=network,
        place=place,
        label_set=label_directory(spec, 1, sets.target, network, place, quiet),
        reports=read_labels(place),
    )


def decide(arm: str, round_one: Labelled, drawn: Path) -> DecidedLabels:
    """The labels of an arm: the same files for all, and what was decided; corrections go into `drawn`."""
    decisions: list[LabelDecision | None] = []
    if arm == VETO:
        vetoed = [worst_class(round_one.reviewed_counts())]
        decisions = [
            decide_label(report.name, report.kept_pixels, vetoed_classes=vetoed)
            for report in round_one.reports
        ]
    elif arm in (*DRAWN, CONTROL):
        decisions = [
            _draw(arm, round_one, report, drawn)
            for report in round_one.reports
            if report.name in round_one.reviewed
        ]
    return DecidedLabels(
        round_one.labels, [decision for decision in decisions if decision is not None], drawn
    )


def _draw(arm: str, round_one: Labelled, report: LabelReport, drawn: Path) -> LabelDecision | None:
    kept = read_kept_label(round_one.labels, report.name)
    truth = round_one.true_classes(report.name)
    seed = (round_one.spec.seed, report.order)
    correction = as_many_ignored(kept, truth, seed) if arm == CONTROL else DRAWN[arm](kept, truth)
    file = correction_name(report.name)
    write_atomically(drawn / file, encode_correction(correction))
    counts = count_correction(correction, kept, len(report.kept_pixels))
    return decide_label(report.name, report.kept_pixels, counts=counts, correction=file)


def finish_arm(arm: str, round_one: Labelled) -> DecisionResult:
    """Decide, train the student of round 1, score its teacher."""
    began = time.perf_counter()
    iterations = round_one.spec.training.iterations
    out = round_one.place / str(iterations) / _file_name(arm)
    labels = decide(arm, round_one, out / "corrections")
    quality = label_quality(round_one.counts(labels, [report.name for report in round_one.reports]))
    seen = round_one.reviewed_counts()
    worst = worst_class(seen)
    student, _ = load_model(round_one.network)
    train_round(
        round_one.spec,
        1,
        student,
        round_one.sets.target,
        round_one.sets.source,
        labels,
        round_one.reports,
        round_one.label_set,
        out,
        quiet,
    )
    assert round_one.sets.validation is not None
    return DecisionResult(
        seed=round_one.spec.seed,
        arm=arm,
        iterations=iterations,
        reviewed=round_one.reviewed,
        worst_class=worst,
        worst_precision=float(label_quality(seen).class_precision[worst]),
        kept_pixels=sum(round_one.label_set.class_kept_pixels),
        changed=total(labels.decisions),
        coverage=quality.coverage,
        precision=quality.precision,
        before=evaluate_checkpoint(round_one.spec, round_one.network, round_one.sets.validation, quiet),
        evaluation=evaluate_checkpoint(
            round_one.spec, out / TEACHER_FILE, round_one.sets.validation, quiet
        ),
        teacher_sha256=hashlib.sha256((out / TEACHER_FILE).read_bytes()).hexdigest(),
        seconds=round(time.perf_counter() - began, 1),
    )


def _file_name(arm: str) -> str:
    return arm.replace(",", "").replace(" ", "_")


def main() -> None:
    """Go through seeds and arms; one line and one file each. The first seed trains one arm twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--camvid", type=Path, required=True, help="CamVid at 240x180 with its list files")
    parser.add_argument("--work", type=Path, required=True, help="where networks, labels and results go")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--iterations", type=int, default=ROUND_ITERATIONS, help="steps of the round")
    options = parser.parse_args()
    for seed in options.seeds:
        results = options.work / "results" / "decisions"
        arms = (*ARMS, AGAIN) if seed == options.seeds[0] else ARMS
        files = {arm: results / f"{options.iterations}_{seed}_{_file_name(arm)}.json" for arm in arms}
        if all(file.exists() for file in files.values()):
            continue
        round_one = labelled(seed, options.iterations, options.camvid, options.work)
        for arm, file in files.items():
            if file.exists():
                continue
            result = finish_arm(arm, round_one)
            write_atomically(file, result.model_dump_json(indent=1).encode())
            score = f"mIoU {100 * result.evaluation.mean_iou:.2f} ({result.seconds:.0f} s)"
            print(f"seed {seed} {arm:26}{score}", flush=True)


if __name__ == "__main__":
    main()
