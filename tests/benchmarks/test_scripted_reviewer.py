"""The scripted reviewer of benchmarks/decisions: which class it vetoes, and what it draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.decisions.reviewer import (
    as_many_ignored,
    reviewed_names,
    worst_class,
    wrong_pixels_ignored,
    wrong_pixels_put_right,
)
from hiast.data.corrections import apply_decisions
from hiast.metrics import label_counts

KEPT = np.array([[0, 0, 1], [1, 255, 255]], np.uint8)
TRUTH = np.array([[0, 2, 1], [255, 1, 255]], np.uint8)


def _decided(correction: NDArray[np.uint8]) -> list[list[int]]:
    label, _ = apply_decisions(KEPT, np.zeros_like(KEPT), correction=correction)
    return label.tolist()


def test_only_wrong_pixels_are_drawn_over() -> None:
    assert wrong_pixels_ignored(KEPT, TRUTH).tolist() == [[255, 254, 255], [255, 255, 255]]
    assert wrong_pixels_put_right(KEPT, TRUTH).tolist() == [[255, 2, 255], [255, 255, 255]]


def test_what_is_trained_on_then_has_no_wrong_pixel() -> None:
    assert _decided(wrong_pixels_ignored(KEPT, TRUTH)) == [[0, 255, 1], [1, 255, 255]]
    assert _decided(wrong_pixels_put_right(KEPT, TRUTH)) == [[0, 2, 1], [1, 255, 255]]


def test_the_class_that_is_wrong_most_often_is_vetoed() -> None:
    kept = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 255], np.uint8)
    truth = np.array([0, 0, 0, 1, 1, 0, 1, 0, 2, 0], np.uint8)
    assert worst_class(label_counts(kept, truth, 4)) == 2


def test_a_class_with_a_handful_of_pixels_is_not_judged() -> None:
    kept = np.array([0] * 150 + [1] * 100 + [2], np.uint8)
    truth = np.array([0] * 149 + [2] + [1] * 50 + [0] * 50 + [1], np.uint8)
    assert worst_class(label_counts(kept, truth, 3)) == 1


def test_the_seed_decides_which_images_are_looked_at() -> None:
    names = [f"{number:02}.png" for number in range(62)]
    reviewed = reviewed_names(names, seed=1)
    assert len(set(reviewed)) == 10
    assert reviewed == reviewed_names(names[::-1], seed=1)
    assert reviewed != reviewed_names(names, seed=2)


def test_the_control_ignores_as_many_kept_pixels_as_are_wrong() -> None:
    kept = np.array([[0] * 20, [255] * 20], np.uint8)
    truth = np.array([[1] * 7 + [0] * 13, [0] * 20], np.uint8)
    drawn = as_many_ignored(kept, truth, seed=(1, 2))
    assert (drawn[0] == 254).sum() == 7
    assert (drawn[1] == 255).all()
    assert (drawn == as_many_ignored(kept, truth, seed=(1, 2))).all()
