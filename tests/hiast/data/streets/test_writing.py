"""Writing a series of scenes as a data set, once."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import StreetsOptions
from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import Progress
from hiast.data.streets import render_scene, write_streets

OPTIONS = StreetsOptions(look="target", count=3, seed=9, height=48, width=96)


def test_the_files_hold_the_rendered_scenes(tmp_path: Path) -> None:
    write_streets(tmp_path, OPTIONS)
    image, label = render_scene(9, 1, "target", 48, 96)
    assert np.array_equal(np.array(Image.open(tmp_path / "images/00001.png")), image)
    assert np.array_equal(np.array(Image.open(tmp_path / "labels/00001.png")), label)
    assert json.loads((tmp_path / "classes.json").read_text())


def test_an_interrupted_series_goes_on_and_keeps_what_is_there(tmp_path: Path) -> None:
    def stop_after_one(_progress: Progress) -> None:
        raise Canceled

    with pytest.raises(Canceled):
        write_streets(tmp_path, OPTIONS, stop_after_one)
    written = sorted((tmp_path / "images").glob("*.png"))
    assert len(written) == 1
    before = written[0].stat().st_mtime_ns
    write_streets(tmp_path, OPTIONS)
    assert len(list((tmp_path / "images").glob("*.png"))) == 3
    assert written[0].stat().st_mtime_ns == before


def test_a_folder_of_other_scenes_is_refused(tmp_path: Path) -> None:
    write_streets(tmp_path, OPTIONS)
    with pytest.raises(UserError, match="options|seed|scenes"):
        write_streets(tmp_path, OPTIONS.model_copy(update={"seed": 10}))


def test_a_folder_with_other_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.png").write_bytes(b"mine")
    with pytest.raises(UserError):
        write_streets(tmp_path, OPTIONS)
    assert (tmp_path / "images" / "mine.png").read_bytes() == b"mine"
