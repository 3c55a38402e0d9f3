import numpy as np
import pytest

from hiast.contracts.labels import Reason
from hiast.contracts.reports import (
    EvaluationReport,
    LabelQualityReport,
    LabelReport,
    LabelSetReport,
    Progress,
    TrainingReport,
)
from hiast.contracts.run_spec import RunSpec
from hiast.data.label_files import write_label_files


@pytest.fixture
def spec(halves):
    return RunSpec.model_validate(
        {"name": "dusk & <b>dawn</b>", "target": halves.spec, "model": {"weights": "given"}}
    )


@pytest.fixture
def make_label():
    def make(name="0", order=0, kept=(300, 200), thresholds=(0.9, 0.8)):
        return LabelReport(
            name=name, order=order, height=32, width=48, thresholds=list(thresholds),
            predicted_pixels=[768, 768], kept_pixels=list(kept), class_values=[0.9, 0.7],
            region_weights=[],
        )  # fmt: skip

    return make


@pytest.fixture
def labels(halves, make_label, tmp_path):
    """Reports of the four halves, and their label files: image k has k + 1 rows kept."""
    for order, entry in enumerate(halves.entries):
        reason = np.full((32, 48), Reason.BELOW_THRESHOLD, np.uint8)
        reason[: order + 1] = Reason.KEPT
        write_label_files(
            tmp_path / "labels", entry.name, prediction=halves.read_label(entry), reason=reason,
            codes=np.zeros((32, 48), np.uint16), classes=halves.classes, codebook="log12",
        )  # fmt: skip
    return [
        make_label(entry.name, order, (48 * (order + 1), 0), (0.9 - 0.1 * order, 0.8))
        for order, entry in enumerate(halves.entries)
    ]


@pytest.fixture
def label_set():
    quality = LabelQualityReport(
        images=4, coverage=0.31, precision=0.923, mean_iou=0.871, class_coverage=[0.4, None],
        class_precision=[0.951, None], class_iou=[0.94, None],
    )  # fmt: skip
    return LabelSetReport(
        images=4, thresholds=[0.6, 0.8], class_values=[0.9, 0.7], hard_classes=[1],
        sampling_probabilities=[0.0, 1.0], kept_share=0.325, class_kept_pixels=[480, 0],
        class_predicted_pixels=[3072, 0], quality=quality,
        alarms=["class <i>bright</i> was never kept"],
    )  # fmt: skip


@pytest.fixture
def training():
    return TrainingReport(
        iterations=80, images=3, final_losses={"seg": 0.1}, student_path="s", teacher_path="t"
    )


@pytest.fixture
def metrics():
    return [
        Progress(stage="train", done=5, total=10, metrics={"seg": 1.5, "learning_rate": 2e-5}),
        Progress(stage="train", done=6, total=10),
        Progress(stage="train", done=10, total=10, metrics={"seg": 0.25, "learning_rate": 1e-5}),
    ]


@pytest.fixture
def make_evaluation():
    def make(mean, **further):
        return EvaluationReport(
            images=4, mean_iou=mean, pixel_accuracy=0.9, class_iou=[mean, None], further_means=further
        )

    return make
