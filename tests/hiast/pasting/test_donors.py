import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hiast.pasting import Donor, donor_candidates, draw_donors

PARITY = Path(__file__).parents[2] / "parity"
CANDIDATES = {0: [["a", 5], ["b", 9]], 1: [["b", 4]], 2: [["c", 7]], 3: []}


def test_the_cut_equals_the_recorded_one():
    with np.load(PARITY / "hpla_gta.npz") as recorded:
        meta = json.loads(str(recorded["meta"]))
    candidates = donor_candidates(meta["samples_with_class_sorted"])
    names = {class_id: [image for image, _ in images] for class_id, images in candidates.items()}
    assert names == meta["samples_with_class_filtered"]


def test_candidates_are_sorted_by_pixels_and_lose_the_smallest_tenth():
    images = [[f"im{n}", 100 - n] for n in range(20)]
    candidates = donor_candidates({4: images})[4]
    assert [pixels for _, pixels in candidates] == list(range(83, 101))


def test_images_without_a_pixel_of_the_class_are_no_donors():
    assert donor_candidates({0: [["a", 0], ["b", 3]], 1: [], 2: [["a", 0]]}) == {
        0: [["b", 3]],
        1: [],
        2: [],
    }


def test_one_donor_is_drawn_by_default_and_the_seed_decides_which():
    draws = [
        draw_donors(np.random.default_rng(seed), [0.5, 0.5, 0, 0], CANDIDATES) for seed in (1, 1, 2, 3, 4)
    ]
    assert draws[0] == draws[1]
    assert all(len(donors) == 1 for donors in draws)
    assert len({donors[0] for donors in draws}) > 1


def test_classes_are_drawn_as_often_as_their_probability_says():
    rng = np.random.default_rng(0)
    drawn = Counter(
        draw_donors(rng, np.array([0.7, 0, 0.3, 0]), CANDIDATES)[0].class_id for _ in range(2000)
    )
    assert set(drawn) == {0, 2}
    assert drawn[0] / 2000 == pytest.approx(0.7, abs=0.04)


def test_no_probability_draws_nothing():
    assert draw_donors(np.random.default_rng(0), [0.0, 0.0], {}, max_donors=3) == []
    assert draw_donors(np.random.default_rng(0), [], {}) == []


def test_more_donors_are_drawn_until_half_the_hard_classes_are_present():
    only_two = [0.0, 0.0, 1.0, 0.0]
    hard = [0, 1, 2, 3]
    rng = np.random.default_rng(0)
    assert draw_donors(rng, only_two, CANDIDATES, max_donors=3, hard=hard, present=[0]) == [Donor(2, "c")]
    seen = {len(draw_donors(rng, [0, 0.5, 0.5, 0], CANDIDATES, max_donors=3, hard=hard)) for _ in range(50)}
    # "b" holds classes 0 and 1, half of the four: alone it is enough; "c" first needs a second donor.
    assert seen == {1, 2}


def test_never_more_than_max_donors_and_none_twice():
    rng = np.random.default_rng(0)
    for _ in range(50):
        donors = draw_donors(rng, [0.5, 0.3, 0.2, 0], CANDIDATES, max_donors=2, hard=range(100))
        assert len({donor.image for donor in donors}) == len(donors) <= 2


def test_a_class_with_a_probability_but_no_donor_is_refused():
    with pytest.raises(ValueError, match="class 3 has a probability but no donor"):
        draw_donors(np.random.default_rng(0), [0, 0, 0, 1.0], CANDIDATES)
