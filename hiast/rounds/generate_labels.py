"""Labelling a target set: image after image, thresholds handed from one to the next.

Where the measurements come from, the network or files of earlier work, makes no difference here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import ImageEntry
from hiast.contracts.reports import (
    LabelQualityReport,
    LabelReport,
    LabelSetReport,
    OnProgress,
    Progress,
)
from hiast.contracts.run_spec import LossSpec, PasteSpec, SelectionSpec
from hiast.losses import LossWeights, region_weights
from hiast.pasting import class_sampling_probabilities, hard_classes
from hiast.rounds.measurements import Measured, stored_codes
from hiast.selection import (
    Codebook,
    bounds_array,
    class_balanced_quantiles,
    constant_thresholds,
    sampled_codes,
    update_class_values_from_histogram,
    update_thresholds,
)
from hiast.selection.image_order import shuffled_order
from hiast.selection.stage import Measurement, select


@dataclass(frozen=True, eq=False)
class GeneratedLabel:
    """One pseudo-label. Arrays (H, W): class ids uint8, confidence codes uint16, `Reason` uint8."""

    report: LabelReport
    prediction: NDArray[np.uint8]
    codes: NDArray[np.uint16]
    reason: NDArray[np.uint8]
    histogram: NDArray[np.int64]
    """(C, K) counts its thresholds came from."""


@dataclass(frozen=True, eq=False)
class SelectionState:
    """What one image hands to the next: images done, thresholds (C,) and class values (C,) so far."""

    done: int
    thresholds: NDArray[np.float64]
    class_values: NDArray[np.float64]


def labelling_order(
    entries: Sequence[ImageEntry], selection: SelectionSpec, *, seed: int, round_number: int
) -> list[ImageEntry]:
    """The order in which a round labels its images. Thresholds depend on it, so the seed decides it."""
    if not selection.shuffle:
        return list(entries)
    return [entries[index] for index in shuffled_order(len(entries), seed, round_number)]


def state_after(reports: Sequence[LabelReport], images_per_instance: int) -> SelectionState | None:
    """The state behind the last complete instance of an interrupted labelling; None: from the start."""
    done = len(reports) - len(reports) % images_per_instance
    if done == 0:
        return None
    last = reports[done - 1]
    return SelectionState(done, np.array(last.thresholds), np.array(last.class_values))


def generate_labels(
    measured: Measured,
    order: Sequence[ImageEntry],
    classes: int,
    selection: SelectionSpec,
    losses: LossSpec,
    *,
    state: SelectionState | None,
    on_progress: OnProgress,
) -> Iterator[GeneratedLabel]:
    """Label the images of `order` behind `state` (None: all), in that order, from their measurements.

    Each image is labelled with thresholds already updated by its instance (HIAST, arXiv 2302.06992).
    Memory does not grow with the number of images. Policy cbst first reads the whole set once to find
    its thresholds.
    """
    codebook = Codebook.named(selection.codebook)
    weights = LossWeights(**losses.model_dump(exclude={"spatial"}))
    bounds = bounds_array(selection.threshold_bounds, classes)
    if state is None:
        thresholds = _initial_thresholds(
            measured(order) if selection.policy == "cbst" else (),
            classes,
            len(order),
            selection,
            codebook,
            on_progress,
        )
        if bounds is not None:
            thresholds = np.clip(thresholds, bounds[0], bounds[1])
        state = SelectionState(0, thresholds, np.zeros(classes))
    remaining = measured(order[state.done :])
    while instance := list(itertools.islice(remaining, selection.images_per_instance)):
        start = state.done
        histogram = np.sum([part.histograms[0] for _, part in instance], axis=0)
        state = _next_state(state, histogram, len(instance), selection, bounds, codebook)
        for position, (entry, part) in enumerate(instance, start):
            yield _label(entry, position, part, state, weights)
            on_progress(Progress(stage="label", done=position + 1, total=len(order), message=entry.name))


def _next_state(
    state: SelectionState,
    histogram: NDArray[np.int64],
    images: int,
    selection: SelectionSpec,
    bounds: NDArray[np.float64] | None,
    codebook: Codebook,
) -> SelectionState:
    thresholds = state.thresholds
    if selection.policy == "ias":
        thresholds = update_thresholds(
            histogram,
            thresholds,
            alpha=selection.alpha,
            beta=selection.beta,
            gamma=selection.gamma,
            codebook=codebook,
            bounds=bounds,
        )
    values = update_class_values_from_histogram(
        state.class_values, histogram, thresholds, codebook=codebook
    )
    return SelectionState(state.done + images, thresholds, values)


def _initial_thresholds(
    measured: Iterable[tuple[ImageEntry, Measurement]],
    classes: int,
    images: int,
    selection: SelectionSpec,
    codebook: Codebook,
    on_progress: OnProgress,
) -> NDArray[np.float64]:
    if selection.policy == "nt":
        return constant_thresholds(classes, 0.0)
    if selection.policy in ("ias", "ct"):
        return constant_thresholds(classes, selection.initial_threshold)
    counts = np.zeros((classes, codebook.size), np.int64)
    for index, (entry, part) in enumerate(measured, start=1):
        prediction, codes = part.candidates.cpu().numpy(), stored_codes(part)
        counts += sampled_codes(codes, prediction, classes, selection.sample_interval, codebook)
        message = f"counting {entry.name} ({index} of {images})"
        on_progress(Progress(stage="label", done=0, total=images, message=message))
    return class_balanced_quantiles(counts, selection.portion, codebook)


def _label(
    entry: ImageEntry, order: int, measured: Measurement, state: SelectionState, weights: LossWeights
) -> GeneratedLabel:
    selected = select(measured, state.thresholds)
    _, height, width = measured.prediction.shape
    kept = int(selected.kept_pixels.sum())
    report = LabelReport(
        name=entry.name,
        order=order,
        height=height,
        width=width,
        thresholds=state.thresholds.tolist(),
        predicted_pixels=selected.predicted_pixels[0].tolist(),
        kept_pixels=selected.kept_pixels[0].tolist(),
        class_values=state.class_values.tolist(),
        region_weights=region_weights(kept, height * width - kept, len(state.thresholds), weights),
    )
    return GeneratedLabel(
        report,
        measured.prediction[0].cpu().numpy(),
        stored_codes(measured)[0],
        selected.reason[0].cpu().numpy(),
        measured.histograms[0],
    )


def summarise_labels(
    reports: Sequence[LabelReport],
    paste: PasteSpec,
    classes: ClassSpace,
    quality: LabelQualityReport | None,
) -> LabelSetReport:
    """Totals of a finished label set, its hard classes, how likely each is pasted, and alarms.

    `reports` in labelling order; only names and counts of the labels are used, no pixels.
    """
    last = reports[-1]
    kept = np.array([report.kept_pixels for report in reports])
    predicted = np.array([report.predicted_pixels for report in reports])
    hard = hard_classes(last.class_values, paste.hard_classes, paste.excluded) if paste.enabled else []
    probabilities = class_sampling_probabilities(
        np.array(last.class_values), hard, has_donor=[bool(column.any()) for column in kept.T]
    )
    return LabelSetReport(
        images=len(reports),
        thresholds=last.thresholds,
        class_values=last.class_values,
        hard_classes=hard,
        sampling_probabilities=np.asarray(probabilities).tolist(),
        kept_share=float(kept.sum() / max(1, predicted.sum())),
        class_kept_pixels=kept.sum(axis=0).tolist(),
        class_predicted_pixels=predicted.sum(axis=0).tolist(),
        quality=quality,
        alarms=_alarms(kept.sum(axis=0), predicted.sum(axis=0), classes),
    )


def _alarms(kept: NDArray[np.int64], predicted: NDArray[np.int64], classes: ClassSpace) -> list[str]:
    """A sentence for every class the student will not see, and one if it sees nothing."""
    if not kept.any():
        return ["No pixel of any class was kept: the student has no labels to learn from."]
    unseen = [
        f"{name}: never predicted, so the student will not see it."
        for name, count in zip(classes.classes, predicted, strict=True)
        if count == 0
    ]
    starving = [
        f"{name}: predicted on {predictions:,} pixels but never kept, so the student will not see it."
        for name, predictions, count in zip(classes.classes, predicted, kept, strict=True)
        if predictions > 0 and count == 0
    ]
    return [*starving, *unseen]
