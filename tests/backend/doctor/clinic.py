"""A small service whose one run has been through everything, made by the functions the service uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from safetensors.numpy import save_file
from sqlalchemy import Engine

from backend.artifacts import labels_key, round_key, warm_up_key
from backend.artifacts.directory import DirectoryStore
from backend.corrections.service import draw, erase
from backend.database import write_session
from backend.datasets.tables import Dataset
from backend.jobs import queue, reports
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.vetoes import veto_in_label, veto_in_round
from backend.rounds.service import approve
from backend.runs import progression
from backend.runs.tables import Run
from hiast.contracts.class_spaces import CAMVID, IGNORED
from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.decisions import SET_TO_IGNORED, UNTOUCHED
from hiast.contracts.reports import LabelReport, LabelSetReport, TrainingReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data.corrections import encode_correction
from hiast.data.label_files import write_label_files

NAMES = ("c", "a", "b")
LEASE = timedelta(seconds=60)
CLASSES = CAMVID.num_classes


@dataclass
class Clinic:
    engine: Engine
    artifacts: Path
    images: Path

    def do(self, job_id: int) -> int:
        """Claim a job; its attempt."""
        with write_session(self.engine) as session:
            attempt = queue.claim(session, job_id, "worker", LEASE)
        assert attempt is not None
        return attempt


def _scan(clinic: Clinic) -> None:
    spec = DatasetSpec(kind="folder", root=str(clinic.images))
    entries = tuple(
        ImageEntry(name=name, image_path=f"images/{name}.png", height=4, width=6) for name in sorted(NAMES)
    )
    (clinic.images / "images").mkdir(parents=True)
    for entry in entries:
        Picture.new("RGB", (6, 4)).save(clinic.images / entry.image_path)
    with write_session(clinic.engine) as session:
        dataset = Dataset(name="streets", spec=spec)
        session.add(dataset)
        session.flush()
        job_id = queue.enqueue(session, "scan_dataset", "scan", dataset_id=dataset.id).id
    attempt = clinic.do(job_id)
    with write_session(clinic.engine) as session:
        reports.succeed_scan(session, job_id, attempt, DatasetScan(classes=CAMVID, entries=entries))


def _start(clinic: Clinic) -> None:
    spec = RunSpec.model_validate(
        {
            "name": "run",
            "rounds": 1,
            "target": DatasetSpec(kind="folder", root=str(clinic.images)),
            "model": {"weights": "bundled:any"},
        }
    )
    with write_session(clinic.engine) as session:
        run = Run(name="run", spec=spec, class_space=CAMVID, target_id=1)
        session.add(run)
        session.flush()
        job_id = progression.start(session, run).id
    attempt = clinic.do(job_id)
    checkpoint(clinic.artifacts / warm_up_key(1) / WARM_UP_FILE)
    with write_session(clinic.engine) as session:
        reports.succeed_warm_up(session, job_id, attempt, None)


def checkpoint(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": np.ones(8, np.float32)}, path, {"class_space": "camvid"})


def write_label(clinic: Clinic, order: int, name: str) -> LabelReport:
    """A label of 4 × 6 pixels, its upper half kept."""
    prediction = np.random.default_rng(order).integers(0, CLASSES, (4, 6)).astype(np.uint8)
    reason = np.repeat([0, 0, 1, 1], 6).reshape(4, 6).astype(np.uint8)
    write_label_files(
        clinic.artifacts / labels_key(1, 1),
        name,
        prediction=prediction,
        codes=np.full((4, 6), 9, np.uint16),
        reason=reason,
        classes=CAMVID,
        codebook="log12",
    )
    kept = np.where(reason == 0, prediction, IGNORED)
    return LabelReport(
        name=name,
        order=order,
        height=4,
        width=6,
        thresholds=[0.5 + order / 10] * CLASSES,
        predicted_pixels=np.bincount(prediction.ravel(), minlength=CLASSES).tolist(),
        kept_pixels=np.bincount(kept[kept != IGNORED], minlength=CLASSES).tolist(),
        class_values=[order / 10] * CLASSES,
        region_weights=[],
    )


def _label(clinic: Clinic) -> None:
    attempt = clinic.do(3)
    written = [write_label(clinic, order, name) for order, name in enumerate(NAMES)]
    for report in written:
        with write_session(clinic.engine) as session:
            reports.report_label(session, 3, attempt, report)
            reports.report_log(session, 3, attempt, f"labelled {report.name}")
    label_set = LabelSetReport(
        images=3,
        thresholds=written[-1].thresholds,
        class_values=written[-1].class_values,
        hard_classes=[],
        sampling_probabilities=[0.0] * CLASSES,
        kept_share=0.5,
        class_kept_pixels=np.sum([report.kept_pixels for report in written], axis=0).tolist(),
        class_predicted_pixels=np.sum([report.predicted_pixels for report in written], axis=0).tolist(),
    )
    with write_session(clinic.engine) as session:
        reports.succeed_round_step(session, 3, attempt, label_set)


def _draw(clinic: Clinic) -> None:
    """Over label 3: drawn, deleted, drawn again."""
    store = DirectoryStore(clinic.artifacts)
    pixels = np.full((4, 6), UNTOUCHED, np.uint8)
    for version, row in ((0, 1), (2, 3)):
        pixels[row] = (0, 1, 2, SET_TO_IGNORED, UNTOUCHED, UNTOUCHED)
        draw(clinic.engine, store, 3, encode_correction(pixels), "somebody", f'"{version}"')
        if version == 0:
            with write_session(clinic.engine) as session:
                erase(session, 3, "somebody", '"1"')


def _review_and_train(clinic: Clinic) -> None:
    _draw(clinic)
    with write_session(clinic.engine) as session:
        for version, decision in (("1", "reject"), ("2", "accept")):
            body = ReviewCreate.model_validate({"decision": decision})
            decide(session, 1, body, "somebody", f'"{version}"')
        veto_in_label(session, 2, [4], "somebody", '"1"')
        veto_in_round(session, 1, [7], "somebody", None)
        approve(session, 1, "somebody")
    attempt = clinic.do(4)
    for name in (STUDENT_FILE, TEACHER_FILE):
        checkpoint(clinic.artifacts / round_key(1, 1) / name)
    report = TrainingReport(
        iterations=1, images=3, final_losses={}, student_path=STUDENT_FILE, teacher_path=TEACHER_FILE
    )
    with write_session(clinic.engine) as session:
        reports.succeed_round_step(session, 4, attempt, report)


def lead_through_everything(clinic: Clinic) -> None:
    """Data set 1, run 1 (succeeded) with round 1, labels 1 to 3, jobs 1 to 4."""
    _scan(clinic)
    _start(clinic)
    _label(clinic)
    _review_and_train(clinic)
