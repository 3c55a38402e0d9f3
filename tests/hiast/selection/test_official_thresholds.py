"""Selection against numbers recorded from the official HIAST code (tests/parity/README.md)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.selection import (
    Codebook,
    apply_thresholds,
    class_balanced_thresholds,
    constant_thresholds,
    instance_adaptive_thresholds,
    replay_thresholds,
    update_class_values,
    update_class_values_from_histogram,
    update_thresholds,
)
from hiast.selection.stage import measure, select

PARITY = Path(__file__).parents[2] / "parity"
ALL = ["default", "alpha02_missing", "oxford9_b1"]
WITH_CBST = ["default", "oxford9_b1"]
BOOKS = [Codebook.log12(), Codebook.float16()]
both = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
THRESHOLD_TOLERANCE = {"float16": 1e-6, "log12": 1e-3}


@dataclass
class Recorded:
    numbers: dict[str, np.ndarray]
    logits: torch.Tensor  # (T, B, C, H, W)
    confidence: np.ndarray  # (T, B, H, W) float32
    prediction: np.ndarray
    settings: dict[str, float]

    @property
    def classes(self) -> int:
        return self.logits.shape[2]


def recorded(name: str) -> Recorded:
    numbers = dict(np.load(PARITY / f"selection_{name}.npz"))
    logits = torch.from_numpy(numbers["logits"]).float()
    confidence, prediction = logits.softmax(2).max(2)
    meta = json.loads(str(numbers["meta"]))
    settings = {key: meta[key] for key in ("alpha", "beta", "gamma")}
    return Recorded(numbers, logits, confidence.numpy(), prediction.numpy(), settings)


def assert_labels_match(labels: np.ndarray, expected: np.ndarray, book: Codebook) -> None:
    agreement = (labels == expected).mean()
    assert agreement == 1.0 if book.name == "float16" else agreement >= 0.998


def instances(case: Recorded) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return zip(case.confidence, case.prediction, strict=True)


@both
@pytest.mark.parametrize("name", ALL)
def test_instance_adaptive_selection_is_the_official_one(name: str, book: Codebook) -> None:
    case = recorded(name)
    thresholds, labels = np.full(case.classes, 0.9), []
    for step, (confidence, prediction) in enumerate(instances(case)):
        thresholds = instance_adaptive_thresholds(
            confidence, prediction, thresholds, codebook=book, **case.settings
        )
        np.testing.assert_allclose(
            thresholds, case.numbers["ias_thresholds"][step], rtol=0, atol=THRESHOLD_TOLERANCE[book.name]
        )
        labels.append(apply_thresholds(confidence, prediction, thresholds))
    assert_labels_match(np.array(labels), case.numbers["ias_pseudo_labels"], book)


@both
@pytest.mark.parametrize("name", WITH_CBST)
def test_class_balanced_selection_is_the_official_one(name: str, book: Codebook) -> None:
    case = recorded(name)
    thresholds = class_balanced_thresholds(
        instances(case), num_classes=case.classes, portion=0.2, sample_interval=4, codebook=book
    )
    np.testing.assert_allclose(
        thresholds, case.numbers["cbst_thresholds"][0], rtol=0, atol=THRESHOLD_TOLERANCE[book.name]
    )
    labels = apply_thresholds(case.confidence, case.prediction, thresholds)
    assert_labels_match(labels, case.numbers["cbst_pseudo_labels"], book)


@pytest.mark.parametrize(
    ("name", "policy", "threshold"),
    [*((name, "ct", 0.9) for name in ALL), *((name, "nt", 0.0) for name in WITH_CBST)],
)
def test_constant_and_no_threshold_are_the_official_ones(name: str, policy: str, threshold: float) -> None:
    case = recorded(name)
    labels = apply_thresholds(
        case.confidence, case.prediction, constant_thresholds(case.classes, threshold)
    )
    np.testing.assert_array_equal(labels, case.numbers[f"{policy}_pseudo_labels"])


@pytest.mark.parametrize("policy", ["ias", "cbst", "ct", "nt"])
@pytest.mark.parametrize("name", ALL)
def test_class_values_and_pixels_are_the_official_ones(name: str, policy: str) -> None:
    case = recorded(name)
    if f"{policy}_pseudo_labels" not in case.numbers:
        assert (name, policy) in {("alpha02_missing", "cbst"), ("alpha02_missing", "nt")}
        return
    labels = case.numbers[f"{policy}_pseudo_labels"]
    values = np.zeros(case.classes)
    for step, confidence in enumerate(case.confidence):
        values = update_class_values(values, confidence, labels[step])
        np.testing.assert_allclose(
            values, case.numbers[f"{policy}_class_mean_probs"][step], rtol=0, atol=1e-6
        )
    counts = np.bincount(labels[labels != 255], minlength=case.classes)
    np.testing.assert_array_equal(counts, case.numbers[f"{policy}_class_pixels"])


@both
@pytest.mark.parametrize("name", ALL)
def test_generating_from_logits_agrees_and_replays_exactly(name: str, book: Codebook) -> None:
    """The fused stage labels by codes, so that stored codes replay: 99.8 % with either codebook."""
    case = recorded(name)
    thresholds = np.full(case.classes, 0.9)
    values, labels, histograms, trajectory = np.zeros(case.classes), [], [], []
    for instance in case.logits:
        measured = measure(instance, book)
        histograms.append(measured.histograms.sum(axis=0))
        thresholds = update_thresholds(histograms[-1], thresholds, codebook=book, **case.settings)
        values = update_class_values_from_histogram(values, histograms[-1], thresholds, codebook=book)
        labels.append(select(measured, thresholds).labels.numpy())
        trajectory.append(thresholds)
    replayed = replay_thresholds(histograms, np.full(case.classes, 0.9), codebook=book, **case.settings)
    np.testing.assert_array_equal(replayed, trajectory)
    assert np.abs(replayed - case.numbers["ias_thresholds"]).max() <= 1e-3
    from_pixels = np.zeros(case.classes)
    for confidence, kept_as in zip(case.confidence, labels, strict=True):
        from_pixels = update_class_values(from_pixels, confidence, kept_as)
    assert np.abs(values - from_pixels).max() <= 5e-4
    assert (np.array(labels) == case.numbers["ias_pseudo_labels"]).mean() >= 0.998
