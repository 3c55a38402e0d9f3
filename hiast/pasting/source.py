"""Where hard classes are pasted from in one training."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import PasteSpec
from hiast.pasting.class_sampling import class_sampling_probabilities
from hiast.pasting.donors import Donor, donor_candidates, draw_donors
from hiast.pasting.draws import DONORS, random_numbers


@dataclass(frozen=True, eq=False)
class PasteSource:
    """`candidates`: {class: [[image name, pixels], ...]}."""

    hard: Sequence[int]
    probabilities: Sequence[float]
    candidates: Mapping[int, Sequence[Sequence[object]]]
    max_donors: int


def paste_source(
    kept_pixels: Sequence[tuple[str, Sequence[int]]], label_set: LabelSetReport, paste: PasteSpec
) -> PasteSource | None:
    """Donors among the labels that are trained on (rejected ones give none); None: nothing to paste.

    kept_pixels: of each such label its image's name and the pixels of each class (length C), in labelling
    order.
    """
    if not paste.enabled or not label_set.hard_classes:
        return None
    images_by_class = {
        c: [[name, pixels[c]] for name, pixels in kept_pixels] for c in label_set.hard_classes
    }
    candidates = donor_candidates(images_by_class)
    has_donor = [bool(candidates.get(c)) for c in range(len(label_set.class_values))]
    probabilities = class_sampling_probabilities(
        np.array(label_set.class_values), label_set.hard_classes, has_donor=has_donor
    )
    return PasteSource(label_set.hard_classes, probabilities.tolist(), candidates, paste.max_donors)


def donors_for(
    paste: PasteSource, seed: Sequence[int], iteration: int, place: int, present: Collection[int]
) -> list[Donor]:
    """The donors drawn for one image of one batch, whose own label holds the classes `present`."""
    return draw_donors(
        random_numbers(seed, iteration, place, DONORS),
        paste.probabilities,
        paste.candidates,
        max_donors=paste.max_donors,
        hard=paste.hard,
        present=present,
    )
