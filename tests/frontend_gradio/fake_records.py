"""What the fake API knows: one run of two rounds, its labels, jobs, data sets and reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from backend.datasets.schemas import DatasetRead, ImageRead
from backend.jobs.schemas import JobRead
from backend.labels.schemas import ClassChange, Comparison, LabelRead, LabelReference, LabelSummary
from backend.recipes.schemas import RecipeRead
from backend.reviews.schemas import Decision, ReviewRead
from backend.rounds.schemas import (
    Approval,
    ClassSummary,
    Curve,
    CurvePoint,
    ReviewCounts,
    RoundRead,
    ThresholdTrajectory,
)
from backend.runs.schemas import RunRead
from hiast.contracts.class_spaces import IGNORED, STREETS
from hiast.contracts.datasets import DatasetSpec, StreetsOptions
from hiast.contracts.reports import EvaluationReport, LabelSetReport, RegionWeight, TrainingReport
from hiast.contracts.run_spec import RunSpec
from tests.frontend_gradio.fake_scenes import HEIGHT, WIDTH, label_of

RUN_ID = 1
IMAGES = 14
CLASSES = STREETS.num_classes
HARD = [3, 5, 9, 10]
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
STATUS_OF = {"accept": "accepted", "reject": "rejected", "skip": "skipped", "reset": "unreviewed"}


def kept_map(number: int, index: int) -> np.ndarray[Any, Any]:
    label = label_of(number, index)
    return np.where(label.reason == 0, label.prediction, IGNORED)


def evaluation(mean_iou: float) -> EvaluationReport:
    iou = [None if c == 7 else round(mean_iou + 0.25 * np.sin(c * 1.7), 4) for c in range(CLASSES)]
    return EvaluationReport(images=20, mean_iou=mean_iou, pixel_accuracy=0.85, class_iou=iou)


def dataset(item_id: int, name: str, **more: Any) -> DatasetRead:
    spec = DatasetSpec(kind="streets", root="/data/" + name, streets=StreetsOptions(count=IMAGES))
    values: dict[str, Any] = {
        "state": "ready", "class_space": STREETS, "image_count": 60, "faulty_count": 0, "error": None,
    }  # fmt: skip
    values |= {"spec": spec, "scan_job_id": None, "created_at": NOW} | more
    return DatasetRead(id=item_id, name=name, **values)


def job(item_id: int, kind: Any, state: Any, title: str, **more: Any) -> JobRead:
    values: dict[str, Any] = {
        "attempt": 1, "run_id": RUN_ID, "round_id": None, "dataset_id": None, "worker": "cpu-0",
        "priority": 0, "gpus": 0, "gpu_memory_gib": 0.0, "shard": None, "shards": None, "needs": [],
        "waiting_for": None, "done": 80, "total": 80, "message": "", "eta_seconds": None, "error": None,
        "created_at": NOW - timedelta(minutes=30 - item_id), "started_at": NOW, "finished_at": NOW,
    }  # fmt: skip
    return JobRead(id=item_id, kind=kind, state=state, title=title, **(values | more))


class FakeRecords:
    """Everything in memory; ids of labels are round·100 + order."""

    def __init__(self) -> None:
        spec = RunSpec.model_validate(
            {
                "name": "streets demo",
                "rounds": 2,
                "source": dataset(1, "a").spec,
                "target": dataset(2, "b").spec,
                "warm_up": {"iterations": 100},
            }
        )
        self.spec = spec
        self.recipes = [
            RecipeRead(
                name="streets_demo",
                title="Streets demo",
                description="Generated street scenes: a clean source look and a dusk target look.",
                expected_time="3 minutes on two cores",
                expected_score="40 mIoU measured here",
                settings_source="our own tuning",
                needs=["source", "target"],
                spec={"rounds": 2},
            )
        ]
        self.datasets = [
            dataset(1, "streets source"),
            dataset(2, "streets target"),
            dataset(3, "camvid ${1+1} {{dusk}} <b>", image_count=57, faulty_count=2, state="ready"),
            dataset(4, "folder", state="failed", image_count=0, error="classes.json is missing. Add it."),
        ]
        problem = "label 0001TP.png is 720×960 but its image is 360×480. Resize one of them."
        self.images = [
            ImageRead(id=1, name="0001TP", height=360, width=480, labelled=True, problem=problem),
            ImageRead(id=2, name="0002TP", height=360, width=480, labelled=True, problem=None),
            ImageRead(id=3, name="0003<i>", height=0, width=0, labelled=False, problem="is truncated."),
        ]
        self.labels = [self._label(number, index) for number in (1, 2) for index in range(IMAGES)]
        self.reviews: dict[int, list[ReviewRead]] = {}
        self.away = False
        self.log_lines = ["iteration 5 loss 1.203", "iteration 10 loss 0.98"]
        self.rounds = [self._round(1, "finished"), self._round(2, "reviewing")]
        self.runs = [self._run(1, "streets demo", "waiting_for_review")]
        self.runs.append(self._run(2, "camvid day → dusk <script>", "running", rounds=[], active_job_id=9))
        self.jobs = self._jobs()
        self.as_made: dict[int, LabelRead] = {}
        points = [
            CurvePoint(iteration=i, metrics={"total": 3 / (1 + i / 20), "seg": 2, "learning_rate": 1e-4})
            for i in range(0, 81, 5)
        ]
        self.curves = [
            Curve(job_id=1, kind="warm_up", round_number=None, points=points),
            Curve(job_id=3, kind="train_round", round_number=1, points=points),
        ]
        self.review(202, "reject", "rider lost <img src=x>", NOW)
        for label_id in (200, 201, 204):
            self.review(label_id, "accept", "", NOW)

    def _jobs(self) -> list[JobRead]:
        error = "out of memory: the GPU has 11 GiB. Lower training.batch_size and retry."
        return [
            job(9, "warm_up", "running", "run 2: warm up", run_id=2, done=62, total=200, eta_seconds=94.0,
                message="loss 0.82", finished_at=None),
            job(8, "train_round", "failed", "run 1, round 2: train", error=error, done=12),
            job(7, "generate_labels", "succeeded", "run 1, round 2: label 14 images", round_id=2),
            job(4, "evaluate", "succeeded", "run 1, round 1: evaluate", round_id=1),
            job(3, "train_round", "succeeded", "run 1, round 1: train", round_id=1),
            job(2, "generate_labels", "succeeded", "run 1, round 1: label 14 images", round_id=1),
            job(1, "warm_up", "succeeded", "run 1: warm up"),
        ]  # fmt: skip

    def _label(self, number: int, index: int) -> LabelRead:
        label = label_of(number, index)
        kept = kept_map(number, index)
        weights = [("seg", "kept", 1.0), ("kld", "kept", 0.1), ("entropy", "ignored", 1.0),
                   ("consistency", "ignored", 0.5)]  # fmt: skip
        return LabelRead(
            id=number * 100 + index, round_id=number, name=f"dusk/{index:04d}", order=index,
            status="unreviewed", kept_share=float((kept != IGNORED).mean()), height=HEIGHT, width=WIDTH,
            version=1, run_id=RUN_ID, round_number=number, thresholds=label.thresholds,
            predicted_pixels=np.bincount(label.prediction.ravel(), minlength=CLASSES).tolist(),
            kept_pixels=np.bincount(kept.ravel(), minlength=256)[:CLASSES].tolist(),
            class_values=[0.99 - 0.02 * (c in HARD) for c in range(CLASSES)],
            region_weights=[
                RegionWeight.model_validate({"term": term, "region": region, "weight": weight / 12 / 3000})
                for term, region, weight in weights
            ],
            hard_classes=HARD, confidence_levels="log12", has_ground_truth=True,
            layers_digest=f"d{number}{index}",
            previous_id=number * 100 + index - 1 if index else None,
            next_id=number * 100 + index + 1 if index + 1 < IMAGES else None,
            same_image=[LabelReference(id=n * 100 + index, round_id=n, round_number=n) for n in (1, 2)],
            reviews=[],
        )  # fmt: skip

    def _round(self, number: int, state: Any) -> RoundRead:
        labels = [label for label in self.labels if label.round_id == number]
        predicted = np.sum([label.predicted_pixels for label in labels], axis=0)
        kept = np.sum([label.kept_pixels for label in labels], axis=0)
        report = LabelSetReport(
            images=IMAGES, thresholds=labels[-1].thresholds, class_values=labels[-1].class_values,
            hard_classes=HARD, sampling_probabilities=[0.25 * (c in HARD) for c in range(CLASSES)],
            kept_share=float(np.mean([label.kept_share for label in labels])),
            class_kept_pixels=kept.tolist(), class_predicted_pixels=predicted.tolist(),
        )  # fmt: skip
        finished = state == "finished"
        training = TrainingReport(
            iterations=80, images=IMAGES, final_losses={"total": 0.6}, student_path="s", teacher_path="t"
        )
        return RoundRead(
            id=number, run_id=RUN_ID, number=number, state=state, image_count=IMAGES, label_count=IMAGES,
            reviews=ReviewCounts(unreviewed=IMAGES), label_set=report,
            training=training if finished else None, evaluation=evaluation(0.58) if finished else None,
            approved_by="local" if finished else None, created_at=NOW,
            finished_at=NOW if finished else None,
        )  # fmt: skip

    def _run(self, item_id: int, name: str, state: Any, **more: Any) -> RunRead:
        values: dict[str, Any] = {
            "rounds": self.rounds, "priority": 0, "active_job_id": None, "active_job_ids": [],
            "warm_up_evaluation": evaluation(0.51), "error": None, "finished_at": None, "created_at": NOW,
            "recipe": "streets_demo", "source": "streets source", "target": "streets target",
            "validation": None,
        }  # fmt: skip
        return RunRead(
            id=item_id, name=name, state=state, spec=self.spec, class_space=STREETS, **(values | more)
        )

    def number_of(self, round_id: int) -> int:
        return round_id

    def round(self, round_id: int) -> RoundRead:
        statuses = [label.status for label in self.labels if label.round_id == round_id]
        counts = ReviewCounts(**{status: statuses.count(status) for status in STATUS_OF.values()})
        return self.rounds[round_id - 1].model_copy(update={"reviews": counts})

    def run(self, run_id: int) -> RunRead:
        run = next(run for run in self.runs if run.id == run_id)
        return run.model_copy(update={"rounds": [self.round(round_.id) for round_ in run.rounds]})

    def label(self, label_id: int) -> LabelRead:
        label = next(label for label in self.labels if label.id == label_id)
        return label.model_copy(update={"reviews": self.reviews.get(label_id, [])})

    def summaries(self, round_id: int) -> list[LabelSummary]:
        return [
            LabelSummary.model_validate(label.model_dump(include=set(LabelSummary.model_fields)))
            for label in self.labels
            if label.round_id == round_id
        ]

    def review(self, label_id: int, decision: Any, comment: str, at: datetime, by: str = "ada") -> None:
        reviews = self.reviews.setdefault(label_id, [])
        typed: Decision = decision
        reviews.append(
            ReviewRead(
                id=label_id * 10 + len(reviews),
                decision=typed,
                comment=comment,
                reviewer=by,
                created_at=at,
            )
        )
        index = next(i for i, label in enumerate(self.labels) if label.id == label_id)
        update = {"status": STATUS_OF[decision], "version": self.labels[index].version + 1}
        self.labels[index] = self.labels[index].model_copy(update=update)

    def trajectory(self, round_id: int) -> ThresholdTrajectory:
        labels = [label for label in self.labels if label.round_id == round_id]
        rows = [
            [0.9 + (theta - 0.9) * (1 - 0.8**order) for theta in label.thresholds]
            for order, label in enumerate(labels)
        ]
        return ThresholdTrajectory(
            round_id=round_id, classes=list(STREETS.classes), label_ids=[label.id for label in labels],
            image_names=[label.name for label in labels], thresholds=rows,
            kept_shares=[label.kept_share for label in labels],
        )  # fmt: skip

    def class_summaries(self, number: int) -> list[ClassSummary]:
        labels = [label for label in self.labels if label.round_id == number]
        predicted = np.sum([label.predicted_pixels for label in labels], axis=0)
        kept = np.sum([label.kept_pixels for label in labels], axis=0)
        return [
            ClassSummary(
                class_id=c, name=STREETS.classes[c], colour=STREETS.colours[c],
                threshold=labels[-1].thresholds[c], selected_share=0.5 * labels[-1].thresholds[c] ** 8,
                predicted_pixels=int(predicted[c]), kept_pixels=int(kept[c]),
                kept_share=float(kept[c] / max(1, predicted[c])),
                previous_kept_share=float(kept[c] / max(1, predicted[c])) * 0.9 if number > 1 else None,
                class_value=labels[-1].class_values[c], hard=c in HARD,
                sampling_probability=0.25 * (c in HARD), images=12,
            )
            for c in range(CLASSES)
        ]  # fmt: skip

    def comparison(self, left: int, right: int) -> Comparison:
        pair = [self.label(left), self.label(right)]
        a, b = (kept_map(label.round_number, label.order) for label in pair)
        both = (a != IGNORED) & (b != IGNORED)
        changes = [
            ClassChange(
                class_id=c, name=STREETS.classes[c], left_kept=int((a == c).sum()),
                right_kept=int((b == c).sum()), both_kept=int(((a == c) & (b == c)).sum()),
                left_threshold=pair[0].thresholds[c], right_threshold=pair[1].thresholds[c],
            )
            for c in range(CLASSES)
        ]  # fmt: skip
        summaries = {label.id: label for number in (1, 2) for label in self.summaries(number)}
        return Comparison(
            left=summaries[left], right=summaries[right], pixels=a.size,
            same_kept=int((both & (a == b)).sum()), flipped=int((both & (a != b)).sum()),
            gained=int(((a == IGNORED) & (b != IGNORED)).sum()),
            lost=int(((a != IGNORED) & (b == IGNORED)).sum()), classes=changes,
        )  # fmt: skip

    def add_dataset(self, body: dict[str, Any]) -> DatasetRead:
        spec = DatasetSpec.model_validate(body["spec"])
        self.datasets.append(dataset(len(self.datasets) + 1, body["name"], spec=spec, state="scanning"))
        return self.datasets[-1]

    def add_run(self, body: dict[str, Any]) -> RunRead:
        self.runs.append(self._run(len(self.runs) + 1, body.get("name") or "new run", "running", rounds=[]))
        return self.runs[-1]

    def approve(self, round_id: int) -> Approval:
        current = self.round(round_id)
        self.rounds[round_id - 1] = current.model_copy(update={"state": "training", "approved_by": "ada"})
        out = current.reviews.rejected
        return Approval(
            round=self.round(round_id), job_id=9, training_images=IMAGES - out, excluded_images=out
        )
