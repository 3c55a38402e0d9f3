"""The threshold recursion of a whole round, replayed on counted codes: what other settings would have kept.

The same arithmetic as label generation, so a replay with the round's own settings gives the round's own
numbers, bit for bit, and one with others gives what generation with those would have given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.run_spec import SelectionSpec
from hiast.data.histogram_files import HistogramWriter, StoredHistograms
from hiast.selection.class_balanced import constant_thresholds
from hiast.selection.class_values import MOMENTUM
from hiast.selection.codebook import Codebook
from hiast.selection.counted_codes import BLOCK, CountedCodes
from hiast.selection.histograms import mean_confidence
from hiast.selection.instance_adaptive import bounds_array, check_recursion, next_thresholds


@dataclass(frozen=True, eq=False)
class Replay:
    """What T images, in labelling order, would be labelled with. Arrays (T, C)."""

    thresholds: NDArray[np.float64]
    kept_pixels: NDArray[np.int64]
    class_values: NDArray[np.float64]


def store_counts(writer: HistogramWriter, counted: CountedCodes) -> None:
    """Add an image's counts to a round's file."""
    ends = counted.first_kept(np.full(len(counted.counts), counted.codebook.size))
    weights = counted.weights_before()
    blocks = np.append(weights[: len(counted.keys) : BLOCK], weights[-1])
    writer.append(counted.keys, counted.running, blocks, counted.counts, ends, weights[ends])


@dataclass(frozen=True, eq=False)
class CountedRound:
    """A round's file, and each image of it."""

    stored: StoredHistograms
    images: list[CountedCodes]
    codebook: Codebook

    @staticmethod
    def of(stored: StoredHistograms) -> CountedRound:
        """Reads nothing of the counts themselves yet."""
        book = Codebook.named(stored.codebook)
        starts = (np.cumsum(stored.counts, axis=1, dtype=np.int64) - stored.counts).astype(np.uint32)
        spans = zip(stored.keys_at.tolist(), stored.length.tolist(), strict=True)
        images = [
            CountedCodes(
                stored.words[at : at + length],
                stored.words[at + length : at + 2 * length + 1],
                starts[place],
                stored.counts[place],
                book,
            )
            for place, (at, length) in enumerate(spans)
        ]
        return CountedRound(stored, images, book)


def replay_selection(
    counted: CountedRound,
    order: Sequence[int] | NDArray[np.int64],
    selection: SelectionSpec,
    first_thresholds: Sequence[float],
) -> Replay:
    """`replay_round` with the settings of a run.

    first_thresholds: (C,) of the round's first image, which policy cbst keeps for all of them: counts do
    not tell how every n-th pixel would be chosen. Raises UserError for settings that do not fit.
    """
    classes = len(first_thresholds)
    initial = {
        "cbst": np.array(first_thresholds),
        "nt": constant_thresholds(classes, 0.0),
    }.get(selection.policy, constant_thresholds(classes, selection.initial_threshold))
    return replay_round(
        counted,
        order,
        initial,
        alpha=selection.alpha,
        beta=selection.beta,
        gamma=selection.gamma,
        bounds=bounds_array(selection.threshold_bounds, classes),
        images_per_instance=selection.images_per_instance,
        follow=selection.policy == "ias",
    )


def replay_round(
    counted: CountedRound,
    order: Sequence[int] | NDArray[np.int64],
    initial: NDArray[np.float64],
    *,
    alpha: float,
    beta: float,
    gamma: float,
    bounds: NDArray[np.float64] | None = None,
    images_per_instance: int = 1,
    follow: bool = True,
) -> Replay:
    """Label the images of a round in another order (T,), starting at thresholds `initial` (C,).

    alpha, beta, gamma, bounds: as in `update_thresholds`. images_per_instance: so many update θ together.
    follow: False keeps θ as it is at the start (constant and class-balanced thresholds). Raises UserError
    for values out of range.
    """
    theta = initial if bounds is None else np.clip(initial, bounds[0], bounds[1])
    check_recursion(theta, alpha, beta, gamma)
    book, places = counted.codebook, np.asarray(order, np.int64)
    thresholds = np.empty((len(places), len(theta)))
    first_kept = np.empty(thresholds.shape, np.int64)
    codes = book.first_kept_code(theta)
    done = 0
    for instance in _instances(counted.images, places, images_per_instance):
        if follow:
            theta = next_thresholds(_joined(instance), theta, codes, alpha, beta, gamma, bounds)
            codes = book.first_kept_code(theta)
        for image in instance:
            thresholds[done], first_kept[done] = theta, image.first_kept(codes)
            done += 1
    kept, means = _kept(counted.stored, places, first_kept, images_per_instance, book)
    return Replay(thresholds, kept, _class_values(means, images_per_instance, len(places)))


def _instances(
    images: Sequence[CountedCodes], places: NDArray[np.int64], size: int
) -> Iterator[list[CountedCodes]]:
    listed = places.tolist()
    for first in range(0, len(listed), size):
        yield [images[place] for place in listed[first : first + size]]


def _joined(instance: Sequence[CountedCodes]) -> CountedCodes:
    """The counts of several images together."""
    if len(instance) == 1:
        return instance[0]
    return CountedCodes.of(np.sum([image.histogram() for image in instance], axis=0), instance[0].codebook)


def _kept(
    stored: StoredHistograms,
    places: NDArray[np.int64],
    first_kept: NDArray[np.int64],
    images_per_instance: int,
    book: Codebook,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Kept pixels (T, C), and mean confidences of what each instance keeps (instances, C)."""
    words, long_words = stored.words, stored.words.view("<i8")
    keys_at, length = stored.keys_at[places, None], stored.length[places, None]
    running_at = keys_at + length
    before = words[running_at + first_kept].astype(np.int64)
    kept = words[running_at + stored.ends[places]].astype(np.int64) - before
    weights = stored.end_weights[places] - long_words[stored.blocks_at[places, None] + first_kept // BLOCK]
    # What lies between the last block's end and the first kept pair, pair by pair.
    for step in range(BLOCK - 1):
        at = first_kept - first_kept % BLOCK + step
        inside = at < first_kept
        if not inside.any():
            break
        row, column = np.nonzero(inside)
        pair = at[row, column]
        pixels_at = running_at[row, 0] + pair
        pixels = words[pixels_at + 1].astype(np.int64) - words[pixels_at]
        weights[row, column] -= pixels * book.weights[words[keys_at[row, 0] + pair] % np.uint32(book.size)]
    starts = np.arange(0, len(places), images_per_instance)
    if images_per_instance == 1:
        return kept, mean_confidence(weights, kept)
    return kept, mean_confidence(np.add.reduceat(weights, starts), np.add.reduceat(kept, starts))


def _class_values(means: NDArray[np.float64], images_per_instance: int, images: int) -> NDArray[np.float64]:
    """`smooth_class_values`, class by class: plain floats are faster here, and the same."""
    values = np.empty(means.shape)
    keep, add = MOMENTUM, 1.0 - MOMENTUM
    for column, class_means in enumerate(means.T.tolist()):
        value, trail = 0.0, []
        for mean in class_means:
            if mean != 0.0:
                value = mean if value == 0.0 else keep * value + add * mean
            trail.append(value)
        values[:, column] = trail
    return np.repeat(values, images_per_instance, axis=0)[:images]
