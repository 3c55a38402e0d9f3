from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data import scan_dataset
from hiast.data.camvid import list_camvid
from hiast.data.image_files import read_label

REAL = Path(__file__).parents[4] / "shared" / "camvid240"


def spec_of(root, **options):
    return DatasetSpec(kind="camvid", root=str(root), split="train.txt", **options)


def test_pairs_keep_their_order_and_blank_lines_are_skipped(tmp_path):
    (tmp_path / "train.txt").write_text("b/2.png labels/2.png\n\na/1.png labels/1.png\n")
    classes, entries = list_camvid(spec_of(tmp_path))
    assert classes.name == "camvid"
    assert [entry.name for entry in entries] == ["b/2", "a/1"]
    assert [entry.label_path for entry in entries] == ["labels/2.png", "labels/1.png"]


def test_an_unlabelled_set_forgets_the_labels(tmp_path):
    (tmp_path / "train.txt").write_text("1.png labels/1.png\n2.png\n")
    _, entries = list_camvid(spec_of(tmp_path, labelled=False))
    assert [entry.label_path for entry in entries] == [None, None]


def test_a_missing_list_names_those_there_are(tmp_path):
    (tmp_path / "val.txt").touch()
    with pytest.raises(UserError, match=r"'train.txt' does not exist.*val\.txt"):
        list_camvid(spec_of(tmp_path))


def test_a_line_of_three_words_is_named(tmp_path):
    (tmp_path / "train.txt").write_text("1.png 1l.png\na b c\n")
    with pytest.raises(UserError, match="line 2 has 3 words"):
        list_camvid(spec_of(tmp_path))


def test_a_list_outside_the_root_is_refused_unread(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.txt").write_text("the pass word\n")
    spec = DatasetSpec(kind="camvid", root=str(tmp_path / "root"), split="../secret.txt")
    with pytest.raises(UserError, match="leads out") as caught:
        list_camvid(spec)
    assert "pass" not in str(caught.value)


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        list_camvid(spec_of(tmp_path))


def test_ids_of_eleven_and_more_are_void(tmp_path):
    Image.fromarray(np.array([[0, 10, 11, 30, 255]], np.uint8)).save(tmp_path / "l.png")
    (tmp_path / "train.txt").write_text("i.png l.png\n")
    spec = spec_of(tmp_path)
    _, (entry,) = list_camvid(spec)
    assert read_label(spec, entry).tolist() == [[0, 10, 255, 255, 255]]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real CamVid images are not beside the repository")
def test_real_camvid_has_no_faulty_pair():
    spec = DatasetSpec(kind="camvid", root=str(REAL), split="dusk_val.txt", limit=8)
    assert len(scan_dataset(spec, lambda _progress: None).usable) == 8
