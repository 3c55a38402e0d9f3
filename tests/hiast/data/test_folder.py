import json

import pytest

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data.folder import list_folder, read_classes

ROAD = {"name": "road", "colour": [128, 64, 128]}


def test_images_are_found_in_folders_and_named_without_suffix(write_halves, tmp_path):
    spec = write_halves(count=1)
    (tmp_path / "halves/images/city").mkdir()
    for name in ("city/a.JPG", ".hidden.png", "notes.txt"):
        (tmp_path / "halves/images" / name).touch()
    _, entries = list_folder(spec)
    assert [(entry.name, entry.label_path) for entry in entries] == [
        ("0", "labels/0.png"),
        ("city/a", "labels/city/a.png"),
    ]


def test_a_folder_without_labels_has_none(write_halves, tmp_path):
    spec = write_halves(count=0)
    (tmp_path / "halves/labels").rmdir()
    (tmp_path / "halves/images/a.png").touch()
    assert list_folder(spec)[1][0].label_path is None


def test_a_missing_image_folder_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="no folder images/.*Put the images"):
        list_folder(DatasetSpec(kind="folder", root=str(tmp_path)))


def test_missing_classes_say_what_to_write(tmp_path):
    with pytest.raises(UserError, match=r"classes.json.*missing.*Write \{"):
        read_classes(tmp_path / "classes.json")


def test_own_classes_are_read_in_order(tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"classes": [ROAD, {"name": "sky", "colour": [0, 0, 255]}]}))
    space = read_classes(path)
    assert (space.name, space.classes) == (tmp_path.name, ("road", "sky"))
    assert space.palette()[:6] == [128, 64, 128, 0, 0, 255]


@pytest.mark.parametrize(
    "content",
    [
        "[1, 2]", "7", "{", "{}", '{"class_space": []}', '{"class_space": "marsian"}', '{"classes": []}',
        json.dumps({"classes": [ROAD, ROAD]}), '{"classes": [{"name": "road"}]}',
        '{"classes": [{"name": "road", "colour": [1, 2]}]}',
        '{"classes": [{"name": "road", "colour": [1, 2, 300]}]}',
    ],
)  # fmt: skip
def test_classes_that_say_nothing_are_refused(tmp_path, content):
    path = tmp_path / "classes.json"
    path.write_text(content)
    with pytest.raises(UserError):
        read_classes(path)


def test_a_folder_in_place_of_the_classes_is_refused(tmp_path):
    (tmp_path / "classes.json").mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        read_classes(tmp_path / "classes.json")
