import os

from hiast.data.file_stamps import FileStamp, file_stamp


def test_a_stamp_tells_place_size_and_time(tmp_path):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a/x.png"
    path.write_bytes(b"abc")
    os.utime(path, ns=(5, 7))
    folders = {}
    assert file_stamp(str(tmp_path), "a/x.png", folders) == FileStamp(path.resolve(), 3, 7)
    assert list(folders) == ["a"]


def test_a_link_has_the_stamp_of_what_it_leads_to(tmp_path):
    (tmp_path / "x.png").write_bytes(b"abc")
    (tmp_path / "link.png").symlink_to("x.png")
    assert file_stamp(str(tmp_path), "link.png", {}) == file_stamp(str(tmp_path), "x.png", {})


def test_what_is_no_file_below_the_root_has_none(tmp_path):
    (tmp_path / "root/folder").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"abc")
    (tmp_path / "root/link.png").symlink_to(tmp_path / "secret.png")
    for path in (
        "missing.png",
        "no/folder.png",
        "folder",
        "link.png",
        "../secret.png",
        "folder/../../secret.png",
    ):
        assert file_stamp(str(tmp_path / "root"), path, {}) is None
