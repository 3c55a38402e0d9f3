import pickle

import pytest


def test_a_restricted_set_keeps_the_order(halves):
    assert [entry.name for entry in halves.only({"3", "1", "absent"}).entries] == ["1", "3"]


def test_an_image_is_found_by_name(halves):
    assert halves.entry("2") is halves.entries[2]
    with pytest.raises(KeyError):
        halves.only({"1"}).entry("2")


def test_an_image_and_its_label_have_the_scanned_size(halves):
    entry = halves.entry("0")
    assert halves.read_image(entry).shape == (entry.height, entry.width, 3)
    assert halves.read_label(entry).shape == (entry.height, entry.width)


def test_a_set_survives_pickling(halves):
    assert pickle.loads(pickle.dumps(halves)) == halves
