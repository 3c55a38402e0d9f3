import pytest

from hiast.contracts.errors import UserError
from hiast.data.listing import file_below, file_names, folder_names, images_below, require_label_folder


@pytest.fixture
def tree(tmp_path):
    for path in (
        "b/2.png",
        "b/1.PNG",
        "b/.hidden.png",
        "b/notes.txt",
        "a.jpg",
        "c.png/3.png",
        ".git/4.png",
    ):
        (tmp_path / "images" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / path).touch()
    (tmp_path / "images/gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "images/loop").symlink_to(tmp_path / "images")
    return tmp_path


def test_images_are_found_at_any_depth_folder_by_folder(tree):
    assert images_below(str(tree), "images") == ["a.jpg", "b/1.PNG", "b/2.png", "c.png/3.png", "gone.png"]


def test_names_of_one_folder(tree):
    assert file_names(str(tree), "images/b", ".png") == ["2.png"]
    # A broken link is listed: the scan says that the file does not exist.
    assert file_names(str(tree), "images", ".png") == ["gone.png"]
    assert folder_names(str(tree), "images") == ["b", "c.png", "loop"]


@pytest.mark.parametrize("folder", ["labels", "images/a.jpg"])
def test_a_missing_folder_says_what_to_check(tree, folder):
    with pytest.raises(UserError, match=f"no folder {folder}/.*Check the root"):
        file_names(str(tree), folder, ".png")
    with pytest.raises(UserError, match=f"no folder {folder}/ with labels"):
        require_label_folder(str(tree), folder)


def test_a_folder_out_of_the_root_is_not_listed(tree):
    (tree / "outside").mkdir()
    (tree / "images/link").symlink_to(tree / "outside")
    with pytest.raises(UserError, match="leads out"):
        file_names(str(tree / "images"), "link", ".png")
    assert file_below(str(tree / "images"), "b/2.png") == (tree / "images/b/2.png").resolve()
