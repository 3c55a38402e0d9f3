"""Replays of rounds give what label generation gives, for any settings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hiast.contracts.errors import UserError
from hiast.data.histogram_files import read_histograms, writing_histograms
from hiast.selection import (
    Codebook,
    CountedCodes,
    bounds_array,
    count_codes,
    kept_pixels,
    update_class_values_from_histogram,
    update_thresholds,
)
from hiast.selection.replay import CountedRound, replay_round, store_counts

CLASSES = 4


def histograms(seed: int, images: int, book: Codebook) -> list[np.ndarray]:
    """Counts of random images; class 3 is often absent, an image may hold nothing at all."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(images):
        pixels = int(rng.choice([0, 1, 30, 600]))
        confidence = np.clip(rng.random(pixels) ** rng.uniform(0.02, 2.0), 0.0, 1.0)
        prediction = rng.integers(0, CLASSES - (rng.random() < 0.6), pixels)
        codes = book.encode(confidence)
        found.append(count_codes(codes, prediction, CLASSES, book))
    return found


def written(tmp, counts, book):
    path = tmp / "histograms.bin"
    with writing_histograms(path, CLASSES, book.name) as writer:
        for histogram in counts:
            store_counts(writer, CountedCodes.of(histogram, book))
    return CountedRound.of(read_histograms(path))


def generated(counts, order, initial, book, *, alpha, beta, gamma, bounds, size, follow):
    """Image by image, as hiast.rounds.generate_labels does it."""
    theta = initial if bounds is None else np.clip(initial, bounds[0], bounds[1])
    values, rows = np.zeros(CLASSES), []
    for first in range(0, len(order), size):
        instance = [counts[place] for place in order[first : first + size]]
        total = np.sum(instance, axis=0)
        if follow:
            theta = update_thresholds(
                total, theta, alpha=alpha, beta=beta, gamma=gamma, codebook=book, bounds=bounds
            )
        values = update_class_values_from_histogram(values, total, theta, codebook=book)
        rows += [(theta, kept_pixels(counts_, theta, book), values) for counts_ in instance]
    return [np.array(column) for column in zip(*rows, strict=True)]


shares = st.floats(0.0, 1.0)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    images=st.integers(1, 7),
    name=st.sampled_from(["log12", "float16"]),
    alpha=shares,
    beta=shares,
    gamma=st.floats(0.0, 20.0),
    start=st.floats(0.01, 0.99),
    bounds=st.dictionaries(st.integers(0, CLASSES - 1), st.tuples(shares, shares).map(sorted).map(tuple)),
    size=st.integers(1, 3),
    follow=st.booleans(),
)
def test_a_replay_equals_generation_bit_for_bit(
    tmp_path_factory, seed, images, name, alpha, beta, gamma, start, bounds, size, follow
):
    book = Codebook.named(name)
    counts = histograms(seed, images, book)
    order = np.random.default_rng(seed + 1).permutation(images)
    limits = bounds_array(bounds, CLASSES)
    choice = {"alpha": alpha, "beta": beta, "gamma": gamma, "bounds": limits, "follow": follow}
    initial = np.full(CLASSES, start)
    replay = replay_round(
        written(tmp_path_factory.mktemp("round"), counts, book),
        order,
        initial,
        images_per_instance=size,
        **choice,
    )
    thresholds, kept, values = generated(counts, order, initial, book, size=size, **choice)
    np.testing.assert_array_equal(replay.thresholds, thresholds)
    np.testing.assert_array_equal(replay.kept_pixels, kept)
    np.testing.assert_array_equal(replay.class_values, values)


def test_a_class_fixed_by_its_bounds_has_that_threshold_everywhere(tmp_path):
    book = Codebook.log12()
    counts = histograms(3, 6, book)
    bounds = bounds_array({1: (0.7, 0.7), 2: (0.0, 0.5)}, CLASSES)
    replay = replay_round(
        written(tmp_path, counts, book), range(6), np.full(CLASSES, 0.9), alpha=0.5, beta=0.9, gamma=8.0,
        bounds=bounds,
    )  # fmt: skip
    assert set(replay.thresholds[:, 1]) == {0.7}
    assert replay.thresholds[:, 2].max() <= 0.5


def test_what_is_out_of_range_is_refused(tmp_path):
    counted = written(tmp_path, histograms(1, 2, Codebook.log12()), Codebook.log12())
    usual = {"alpha": 0.5, "beta": 0.9, "gamma": 8.0}
    with pytest.raises(UserError, match=r"alpha is 1.5, accepted are 0 to 1"):
        replay_round(counted, [0, 1], np.full(CLASSES, 0.9), **{**usual, "alpha": 1.5})
    with pytest.raises(UserError, match="gamma is -1"):
        replay_round(counted, [0, 1], np.full(CLASSES, 0.9), **{**usual, "gamma": -1})
    with pytest.raises(UserError, match="previous thresholds"):
        replay_round(counted, [0, 1], np.full(CLASSES, 1.9), **usual)
    with pytest.raises(UserError, match="class 9; there are classes 0 to 3"):
        bounds_array({9: (0.1, 0.2)}, CLASSES)


@pytest.mark.parametrize("damage", ["cut", "other", "table", "gone"])
def test_a_damaged_file_is_told(tmp_path, damage):
    written(tmp_path, histograms(5, 3, Codebook.log12()), Codebook.log12())
    path = tmp_path / "histograms.bin"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 8 * 4]
    elif damage == "other":
        content[:4] = b"PNG!"
    else:
        content[-3] ^= 1
    path.write_bytes(content)
    if damage == "gone":
        path.unlink()
    with pytest.raises(UserError, match="histograms of the round cannot be read"):
        read_histograms(path)


def test_nothing_appears_when_writing_fails(tmp_path):
    path = tmp_path / "histograms.bin"
    with pytest.raises(RuntimeError), writing_histograms(path, CLASSES, "log12") as writer:
        store_counts(writer, CountedCodes.of(histograms(5, 1, Codebook.log12())[0], Codebook.log12()))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
