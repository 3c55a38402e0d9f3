import os
from pathlib import Path

import pytest

from hiast.contracts.errors import UserError
from hiast.data.atomic_files import explained, open_atomically, write_atomically


def everything_below(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def test_folders_are_made_and_others_may_read(tmp_path):
    write_atomically(tmp_path / "a/b/c.bin", b"content")
    assert (tmp_path / "a/b/c.bin").read_bytes() == b"content"
    assert (tmp_path / "a/b/c.bin").stat().st_mode & 0o777 == 0o644
    assert everything_below(tmp_path) == ["c.bin"]


@pytest.mark.parametrize("function", ["replace", "fsync"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function, error):
    write_atomically(tmp_path / "c.bin", b"old")

    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises((UserError, KeyboardInterrupt)) as raised:
        write_atomically(tmp_path / "c.bin", b"new")
    assert isinstance(raised.value, UserError) == isinstance(error, OSError)
    assert (tmp_path / "c.bin").read_bytes() == b"old"
    assert everything_below(tmp_path) == ["c.bin"]


def test_a_file_in_place_of_the_folder_is_a_sentence(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(UserError, match="could not be written.*Free disk space"):
        write_atomically(tmp_path / "a/b", b"")


def test_a_folder_that_cannot_be_flushed_is_a_sentence(tmp_path, monkeypatch):
    flush, calls = os.fsync, []

    def fail_second(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        flush(handle)

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(UserError, match="Input/output error"):
        write_atomically(tmp_path / "c.bin", b"whole")
    assert (tmp_path / "c.bin").read_bytes() == b"whole"


def test_errors_of_who_writes_piece_by_piece_are_their_own(tmp_path):
    with pytest.raises(FileNotFoundError, match="photo"), open_atomically(tmp_path / "c.bin") as stream:
        stream.write(b"half")
        raise FileNotFoundError("photo")
    assert everything_below(tmp_path) == []


def test_what_the_disk_has_no_room_for_is_told_and_leaves_nothing(tmp_path):
    class Full:
        def write(self, _content):
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(UserError, match="No space left.*Free disk space"),
        open_atomically(tmp_path / "c.bin"),
        explained(tmp_path / "c.bin"),
    ):
        Full().write(b"")
    assert everything_below(tmp_path) == []
