import time

import numpy as np
import pytest
from PIL import Image

from hiast.contracts import datasets as datasets_module
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import Canceled, UserError
from hiast.data import ImageSet, scan_dataset
from hiast.data import image_files as image_files_module
from hiast.data import scanning as scanning_module


def scan(spec):
    return scan_dataset(spec, lambda _progress: None)


def save_ids(path, ids):
    Image.fromarray(np.asarray(ids, np.uint8)).save(path)


def truncate(path):
    path.write_bytes(path.read_bytes()[:60])


def corrupt_checksum(path):
    content = bytearray(path.read_bytes())
    content[20] ^= 0xFF
    path.write_bytes(content)


FAULTS = {
    "missing label": (lambda root: (root / "labels/1.png").unlink(), "does not exist"),
    "other size": (lambda root: save_ids(root / "labels/1.png", np.zeros((8, 9))), "the label is 9×8"),
    "truncated image": (lambda root: truncate(root / "images/1.png"), "cannot be read"),
    "truncated label": (lambda root: truncate(root / "labels/1.png"), "cannot be read"),
    "wrong checksum": (lambda root: corrupt_checksum(root / "images/1.png"), "read"),
    "no image": (lambda root: (root / "images/1.png").write_text("text"), "no image Pillow can read"),
    "empty file": (lambda root: (root / "images/1.png").write_bytes(b""), "no image Pillow can read"),
    "unknown id": (lambda root: save_ids(root / "labels/1.png", np.full((32, 48), 2)), "class id 2 is not"),
    "colour label": (lambda root: save_ids(root / "labels/1.png", np.zeros((32, 48, 3))), "mode RGB"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("check", ["headers", "pixels"])
def test_a_faulty_pair_is_listed_with_a_sentence_and_the_rest_stays_usable(
    write_halves, tmp_path, fault, check
):
    if (fault, check) == ("unknown id", "headers"):
        pytest.skip("ids are pixels: no header tells them")
    spec, (damage, words) = write_halves().model_copy(update={"check": check}), FAULTS[fault]
    damage(tmp_path / "halves")
    found = scan(spec)
    assert [entry.name for entry in found.usable] == ["0", "2", "3"]
    assert words in found.entries[1].problem
    assert "1.png" in found.entries[1].problem


def test_an_image_with_more_pixels_than_the_limit_is_refused_undecoded(write_halves, monkeypatch):
    monkeypatch.setattr(image_files_module, "MAX_PIXELS", 32 * 48 - 1)
    found = scan(write_halves())
    assert not found.usable
    assert "48×32 pixels, more than 1,535" in found.entries[0].problem


def test_of_two_images_of_one_name_the_first_is_used(write_halves, tmp_path):
    spec = write_halves()
    images = tmp_path / "halves/images"
    for suffix in ("bmp", "webp"):
        Image.open(images / "1.png").save(images / f"1.{suffix}")
    found = scan(spec)
    assert len({entry.name for entry in found.entries}) == 6
    assert [entry.name for entry in found.usable] == ["0", "1", "2", "3"]
    assert all("two images are named '1'" in entry.problem for entry in found.entries if entry.problem)


def test_a_pair_listed_three_times_gets_three_names(write_halves, tmp_path):
    write_halves()
    (tmp_path / "halves/all.txt").write_text("images/0.png labels/0.png\n" * 3)
    found = scan(DatasetSpec(kind="camvid", root=str(tmp_path / "halves"), split="all.txt"))
    assert len({entry.name for entry in found.entries}) == 3
    assert len(found.usable) == 1


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "images/../../secret.png"])
def test_a_path_out_of_the_root_is_refused(write_halves, tmp_path, path):
    write_halves()
    save_ids(tmp_path / "secret.png", np.zeros((32, 48)))
    (tmp_path / "halves/all.txt").write_text(f"images/0.png labels/0.png\n{path} labels/1.png\n")
    found = scan(DatasetSpec(kind="camvid", root=str(tmp_path / "halves"), split="all.txt"))
    assert [entry.problem is None for entry in found.entries] == [True, False]
    assert "leads out of the data set" in found.entries[1].problem


def test_a_missing_root_says_what_to_do():
    with pytest.raises(UserError, match="does not exist.*Check the path"):
        scan(DatasetSpec(kind="folder", root="/nowhere/at/all"))


def test_a_root_without_images_is_refused(write_halves):
    with pytest.raises(UserError, match="no image.*Check root"):
        scan(write_halves(count=0))


def test_a_data_set_of_faulty_images_alone_cannot_be_opened(write_halves, tmp_path):
    spec = write_halves(count=1)
    truncate(tmp_path / "halves/images/0.png")
    with pytest.raises(UserError, match="none of its 1 images can be used.*images/0.png.*scan again"):
        ImageSet.of(spec, scan(spec))


@pytest.mark.parametrize(
    ("limit", "names"), [(1, "0"), (2, "05"), (3, "036"), (5, "02468"), (10, "0123456789")]
)
def test_a_limit_is_spread_evenly(write_halves, limit, names):
    spec = write_halves(count=10, height=8, width=8).model_copy(update={"limit": limit})
    assert "".join(entry.name for entry in scan(spec).entries) == names


def test_an_unlabelled_set_reads_no_label(write_halves, tmp_path):
    spec = write_halves(labelled=False)
    for path in (tmp_path / "halves/labels").iterdir():
        path.write_text("no label at all")
    found = scan(spec)
    assert len(found.usable) == 4
    assert all(entry.label_path is None for entry in found.entries)


def test_sizes_and_progress_are_told(write_halves):
    told = []
    found = scan_dataset(write_halves(), told.append)
    assert {(entry.height, entry.width) for entry in found.entries} == {(32, 48)}
    assert [(progress.done, progress.total) for progress in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_canceling_stops_at_the_next_image(write_halves):
    seen = []

    def cancel(progress):
        seen.append(progress.done)
        raise Canceled

    with pytest.raises(Canceled):
        scan_dataset(write_halves(), cancel)
    assert seen == [1]


def spy_on_decoding(monkeypatch):
    """The names of the images that are decoded from now on."""
    decoded, read = [], image_files_module.read_image

    def spy(spec, entry):
        decoded.append(entry.name)
        return read(spec, entry)

    monkeypatch.setattr(image_files_module, "read_image", spy)
    return decoded


def test_a_check_of_headers_decodes_only_what_they_leave_open(write_halves, tmp_path, monkeypatch):
    spec = write_halves().model_copy(update={"check": "headers"})
    decoded = spy_on_decoding(monkeypatch)
    assert {(entry.height, entry.width) for entry in scan(spec).usable} == {(32, 48)}
    assert decoded == []
    path = tmp_path / "halves/images/2.png"
    path.write_bytes(path.read_bytes() + b"behind the end")
    assert len(scan(spec).usable) == 4
    assert decoded == ["2"]


@pytest.mark.parametrize(("images", "note"), [(3, " (headers only: the set is large)"), (4, "")])
def test_auto_decodes_small_sets_and_says_when_it_does_not(write_halves, monkeypatch, images, note):
    spec = write_halves()
    monkeypatch.setattr(datasets_module, "PIXELS_UP_TO", images)
    decoded, told = spy_on_decoding(monkeypatch), []
    scan_dataset(spec, told.append)
    assert sorted(decoded) == ([] if note else ["0", "1", "2", "3"])
    assert all(progress.message.startswith(str(index) + note) for index, progress in enumerate(told))
    assert all(("headers" in progress.message) == bool(note) for progress in told)


def test_a_request_for_headers_is_not_commented_on(write_halves):
    told = []
    scan_dataset(write_halves().model_copy(update={"check": "headers"}), told.append)
    assert [progress.message for progress in told] == ["0", "1", "2", "3"]


def test_threads_stay_a_bounded_number_of_images_ahead(write_halves, monkeypatch):
    spec = write_halves(count=60, height=4, width=64)
    monkeypatch.setattr(scanning_module, "_THREADS", {"pixels": 1})
    decoded = spy_on_decoding(monkeypatch)
    seen = []

    def wait(_progress):
        if not seen:
            time.sleep(0.2)
        seen.append(len(decoded))

    found = scan_dataset(spec, wait)
    assert seen[0] <= 16
    assert [int(entry.name) for entry in found.usable] == sorted(range(60), key=str)


def test_an_id_that_only_pixels_show_is_refused_when_it_is_read(write_halves, tmp_path):
    spec = write_halves().model_copy(update={"check": "headers"})
    save_ids(tmp_path / "halves/labels/1.png", np.full((32, 48), 2))
    images = ImageSet.of(spec, scan(spec))
    with pytest.raises(UserError, match=r"labels/1\.png: class id 2 is not in class space 'halves'"):
        images.read_label(images.entry("1"))
