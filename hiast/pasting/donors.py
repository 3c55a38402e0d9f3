"""Donors: the images whose hard-class pixels are pasted into others (HIAST, arXiv 2302.06992, HPLA)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

DONOR_CUT = 0.1
"""Share of a class's images, those with fewest pixels of it, that are no donors."""

Key = TypeVar("Key", int, str)


class Donor(NamedTuple):
    """One draw, kept as provenance of the pasted pixels."""

    class_id: int
    """The class that was drawn; all hard classes of the donor are pasted, not only this one."""
    image: str


def donor_candidates(
    images_by_class: Mapping[Key, Sequence[Sequence[Any]]],
) -> dict[Key, list[list[Any]]]:
    """The donors of each class: its images from few to many pixels, the smallest 10 % cut.

    `images_by_class`: {class: [[image, pixels], ...]}; the number cut is round(0.1·n), halves to even.
    Images with equally many pixels keep their order; images without a pixel of the class are no
    donors. Returns the same form, classes without a donor with an empty list.
    """
    candidates: dict[Key, list[list[Any]]] = {}
    for class_id, images in images_by_class.items():
        ordered = sorted(([name, pixels] for name, pixels in images if pixels > 0), key=lambda e: e[1])
        candidates[class_id] = ordered[round(DONOR_CUT * len(ordered)) :]
    return candidates


def draw_donors(
    rng: np.random.Generator,
    probabilities: Sequence[float] | np.ndarray,
    candidates: Mapping[int, Sequence[Sequence[Any]]],
    *,
    max_donors: int = 1,
    hard: Collection[int] | None = None,
    present: Collection[int] = (),
) -> list[Donor]:
    """Draw a class, then one of its donors; again while fewer than half of `hard` are present.

    `probabilities` (C,) from `class_sampling_probabilities`; `candidates` from `donor_candidates`,
    keyed by class id; all donors of a class are equally likely. `present`: classes the image's own
    label holds. The first donor is always drawn; further ones, up to `max_donors`, only until half the
    hard classes are in the image or a donor (`hard` None: the classes with a positive probability). A
    donor drawn twice is listed once. All probabilities 0: an empty list.
    Raises ValueError when a class with a positive probability has no donor.
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    drawable = np.flatnonzero(weights > 0)
    without = [int(c) for c in drawable if not candidates.get(int(c))]
    if without:
        raise ValueError(f"class {without[0]} has a probability but no donor; pass has_donor to exclude it")
    hard = {int(c) for c in drawable} if hard is None else hard
    donors: list[Donor] = []
    seen = set(present) & set(hard)
    for _ in range(max_donors if drawable.size else 0):
        if donors and 2 * len(seen) >= len(hard):
            break
        class_id = int(rng.choice(drawable, p=weights[drawable] / weights[drawable].sum()))
        entries = candidates[class_id]
        name = str(entries[int(rng.integers(len(entries)))][0])
        if all(donor.image != name for donor in donors):
            donors.append(Donor(class_id, name))
            seen |= {c for c in hard if any(entry[0] == name for entry in candidates.get(c, ()))}
    return donors
