"""Changes between two labels, against counting pixel by pixel."""

from collections import Counter
from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hiast.metrics.label_changes import ChangeCounts, label_changes

CLASSES = 3
IGNORED = 255
ids = st.sampled_from([0, 1, 2, IGNORED])
label = arrays(np.uint8, (4, 6), elements=ids)


def one_by_one(before, now, mixed, earlier):
    found = Counter()
    for b, n, m, e in zip(*(a.ravel().tolist() for a in (before, now, mixed, earlier)), strict=True):
        if b != IGNORED:
            found["before", b] += 1
        if n != IGNORED:
            found["now", n] += 1
        if b == n:
            found["both", b] += b != IGNORED
            continue
        if b == IGNORED:
            found["gained", n] += 1
        elif n == IGNORED:
            found["dropped", b] += 1
        else:
            found["flipped_from", b] += 1
            found["flipped_to", n] += 1
        concerned = b if n == IGNORED else n
        cause = "by_threshold" if m == b else "by_model" if m == n else "by_both"
        found[cause, concerned] += 1
        found["oscillating", concerned] += e == n
    return found


@settings(deadline=None)
@given(label, label, label, label)
def test_every_pixel_is_counted_where_it_belongs(before, now, mixed, earlier):
    counts = label_changes(before, now, mixed, earlier, CLASSES)
    expected = one_by_one(before, now, mixed, earlier)
    for field in fields(ChangeCounts):
        assert getattr(counts, field.name).tolist() == [expected[field.name, c] for c in range(CLASSES)]
    assert (counts.before == counts.both + counts.dropped + counts.flipped_from).all()
    assert (counts.now == counts.both + counts.gained + counts.flipped_to).all()
    changed = counts.gained + counts.dropped + counts.flipped_to
    assert (counts.by_model + counts.by_threshold + counts.by_both == changed).all()


@settings(deadline=None)
@given(label, label)
def test_without_a_third_round_nothing_oscillates(before, now):
    counts = label_changes(before, now, now, None, CLASSES)
    assert not counts.oscillating.any()
    assert not counts.by_both.any()


def test_counts_of_images_add_up():
    kept = np.array([[0, 1, IGNORED]], np.uint8)
    once = label_changes(kept, kept[:, ::-1], kept, kept, CLASSES)
    twice = once + once
    assert twice.now.tolist() == [2, 2, 0]
    assert twice.by_threshold.sum() == 2 * once.by_threshold.sum() > 0
