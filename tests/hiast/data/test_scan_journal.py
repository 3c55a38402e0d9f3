import json
import os

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.errors import Canceled, UserError
from hiast.data import scan_dataset
from hiast.data import scanning as scanning_module


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "store/scan.jsonl"


@pytest.fixture
def scan(journal, monkeypatch):
    """Scan with the journal; gives what was found and the names of the pairs whose files were read."""
    read, check = [], scanning_module.check_pair

    def spy(spec, classes, entry, *rest):
        read.append(entry.name)
        return check(spec, classes, entry, *rest)

    monkeypatch.setattr(scanning_module, "check_pair", spy)

    def run(spec, on_progress=lambda _progress: None):
        read.clear()
        return scan_dataset(spec, on_progress, journal), sorted(read)

    return run


def test_a_second_scan_reads_nothing_and_finds_the_same(write_halves, scan):
    spec = write_halves()
    first, read = scan(spec)
    assert read == ["0", "1", "2", "3"]
    assert scan(spec) == (first, [])


def test_without_a_journal_nothing_is_written(write_halves, tmp_path):
    spec = write_halves()
    before = sorted(tmp_path.rglob("*"))
    scan_dataset(spec, lambda _progress: None)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", ["images/1.png", "labels/1.png"])
def test_a_changed_file_is_read_again(write_halves, scan, tmp_path, path):
    spec = write_halves()
    scan(spec)
    os.utime(tmp_path / "halves" / path, ns=(1, 1))
    assert scan(spec)[1] == ["1"]
    assert scan(spec)[1] == []


def test_a_file_that_is_gone_or_broken_is_noticed(write_halves, scan, tmp_path):
    spec = write_halves()
    scan(spec)
    (tmp_path / "halves/labels/1.png").unlink()
    (tmp_path / "halves/images/2.png").write_bytes(b"")
    found, read = scan(spec)
    assert read == ["1", "2"]
    assert [entry.name for entry in found.usable] == ["0", "3"]


def test_a_faulty_pair_is_looked_at_again_though_its_files_did_not_change(write_halves, scan, tmp_path):
    spec = write_halves()
    Image.fromarray(np.full((32, 48), 2, np.uint8)).save(tmp_path / "halves/labels/1.png")
    assert len(scan(spec)[0].usable) == 3
    assert scan(spec)[1] == ["1"]


def test_an_interrupted_scan_goes_on(write_halves, scan, journal, monkeypatch):
    monkeypatch.setattr(scanning_module, "_THREADS", {"pixels": 1})
    spec = write_halves(count=40, height=4, width=48)

    def stop(progress):
        if progress.done == 10:
            raise Canceled

    with pytest.raises(Canceled):
        scan(spec, stop)
    lines = journal.read_text().splitlines()
    assert len(lines) == 16
    found, read = scan(spec)
    assert len(found.usable) == 40
    assert {json.loads(line)["image_path"] for line in lines}.isdisjoint(f"images/{n}.png" for n in read)
    assert len(read) == 24


def test_a_torn_last_line_is_ignored_and_does_not_spoil_the_next(write_halves, scan, journal):
    spec = write_halves()
    scan(spec)
    journal.write_bytes(journal.read_bytes()[:-20])
    assert scan(spec)[1] == ["3"]
    assert scan(spec)[1] == []


@pytest.mark.parametrize("line", [b"\xff\xfe", b"[]", b"null", b"{}", b'{"rules": 1, "check": "pixels"}'])
def test_lines_that_say_nothing_are_ignored(write_halves, scan, journal, line):
    spec = write_halves()
    journal.parent.mkdir()
    journal.write_bytes(line + b"\n")
    assert scan(spec)[1] == ["0", "1", "2", "3"]
    assert scan(spec)[1] == []


def test_checked_pixels_cover_headers_but_not_the_other_way_round(write_halves, scan):
    pixels, headers = (
        write_halves(where=check).model_copy(update={"check": check}) for check in ("pixels", "headers")
    )
    scan(pixels)
    assert scan(pixels.model_copy(update={"check": "headers"}))[1] == []
    scan(headers)
    assert scan(headers.model_copy(update={"check": "pixels"}))[1] == ["0", "1", "2", "3"]


def test_other_classes_make_every_label_new(write_halves, scan, tmp_path):
    spec = write_halves()
    scan(spec)
    (tmp_path / "halves/classes.json").write_text('{"class_space": "camvid"}')
    assert scan(spec)[1] == ["0", "1", "2", "3"]


def test_labels_read_and_not_read_are_two_things(write_halves, scan):
    spec = write_halves()
    scan(spec.model_copy(update={"labelled": False}))
    found, read = scan(spec)
    assert read == ["0", "1", "2", "3"]
    assert found.entries[0].label_path == "labels/0.png"


def test_a_journal_that_cannot_be_used_is_named(write_halves, scan, journal):
    journal.mkdir(parents=True)
    with pytest.raises(UserError, match=r"scan\.jsonl: the journal of the scan cannot be used.*delete it"):
        scan(write_halves())
