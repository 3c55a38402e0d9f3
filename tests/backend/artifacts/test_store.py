"""What every artifact store does, on a directory and on a real S3 server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.artifacts import ArtifactStore, labels_key, open_store
from hiast.contracts.errors import UserError
from hiast.data.atomic_files import write_atomically
from tests.servers.stores import OpenStore

pytestmark = pytest.mark.services
KEY = labels_key(3, 1)
NAME = "city/strange name #1?.png"


def _write(store: ArtifactStore, content: bytes, name: str = NAME) -> None:
    write_atomically(store.directory(KEY) / name, content)


def test_what_one_machine_publishes_another_reads(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    _write(first, b"label")
    _write(first, b"other", "b.zst")
    first.publish(KEY, [NAME, "b.zst"], version="1")
    assert (second.fetch(KEY, [NAME], version="1") / NAME).read_bytes() == b"label"
    both = second.fetch(KEY, [NAME, "b.zst"])
    assert [(both / name).read_bytes() for name in (NAME, "b.zst")] == [b"label", b"other"]
    second.take(KEY, {NAME: "1", "b.zst": None})
    assert (second.directory(KEY) / NAME).read_bytes() == b"label"
    assert (second.directory(KEY) / "b.zst").read_bytes() == b"other"


def test_content_that_is_put_is_read_everywhere_and_leaves_no_copy(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    first.put(KEY, NAME, b"drawn")
    assert first.holds(KEY, NAME)
    for store in (first, second):
        assert (store.fetch(KEY, [NAME], version="once") / NAME).read_bytes() == b"drawn"
    if first.url.startswith("s3://"):
        assert list(first.directory(KEY).rglob("*.png")) == []
    first.remove(KEY, [NAME])
    assert not second.holds(KEY, NAME)


def test_another_attempt_replaces_the_file_everywhere(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    _write(first, b"first attempt")
    first.publish(KEY, [NAME], version="1")
    assert (second.fetch(KEY, [NAME], version="1") / NAME).read_bytes() == b"first attempt"
    second.take(KEY, {NAME: "1"})
    _write(second, b"second attempt")
    second.publish(KEY, [NAME], version="2")
    for store in (first, second, open_any("three")):
        assert (store.fetch(KEY, [NAME], version="2") / NAME).read_bytes() == b"second attempt"
        store.take(KEY, {NAME: "2"})
        assert (store.directory(KEY) / NAME).read_bytes() == b"second attempt"


def test_without_a_version_the_present_content_is_read(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    for content in (b"iteration 200", b"iteration 400"):
        _write(first, content)
        first.publish(KEY, [NAME])
        assert (second.fetch(KEY, [NAME]) / NAME).read_bytes() == content
        second.take(KEY, {NAME: None})
        assert (second.directory(KEY) / NAME).read_bytes() == content


def test_many_files_without_a_version_are_taken_as_they_are_now(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    names = [f"part/{number}.npz" for number in range(12)]
    for turn in (b"first ", b"second "):
        for name in names:
            _write(first, turn + name.encode(), name)
        first.publish(KEY, names)
        second.take(KEY, dict.fromkeys(names))
        read = [(second.directory(KEY) / name).read_bytes() for name in names]
        assert read == [turn + name.encode() for name in names]


def test_what_a_killed_process_was_writing_is_removed_and_nothing_else(open_any: OpenStore) -> None:
    store = open_any("one")
    _write(store, b"whole")
    store.publish(KEY, [NAME], version="1")
    if store.url.startswith("file://"):
        (store.directory(KEY) / NAME).with_name(".half.png.x1.tmp").write_bytes(b"half")
    store.remove_unfinished(KEY)
    store.remove_unfinished("runs/9/never made")
    assert store.names(KEY) == [NAME]


def test_removed_files_are_gone_and_absent_ones_are_passed_over(open_any: OpenStore) -> None:
    first, second = open_any("one"), open_any("two")
    assert not second.holds(KEY, NAME)
    _write(first, b"state")
    first.publish(KEY, [NAME])
    assert second.holds(KEY, NAME)
    first.remove(KEY, [NAME, "never there"])
    assert not second.holds(KEY, NAME)
    assert not (first.directory(KEY) / NAME).exists()


def test_every_file_below_a_key_is_listed(open_any: OpenStore) -> None:
    store = open_any()
    assert store.names("runs") == []
    for name in (NAME, "b.zst"):
        _write(store, b"label", name)
    store.publish(KEY, [NAME, "b.zst"])
    assert store.names(KEY) == ["b.zst", NAME]
    assert store.names("runs") == [f"{KEY.removeprefix('runs/')}/{name}" for name in ("b.zst", NAME)]
    assert store.names("run") == []


def test_a_store_that_works_has_no_problem(open_any: OpenStore) -> None:
    assert open_any().problem() is None


def test_a_directory_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path / 'a'}", cache=tmp_path, cache_gib=1, s3_endpoint=None)
    (tmp_path / "a").rmdir()
    assert "mount or mend it" in (store.problem() or "")


@pytest.mark.parametrize("url", ["artifacts", "file://artifacts", "s3://", "https://user:secret@host/x"])
def test_another_url_is_refused_without_telling_its_secrets(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="STUDIO_ARTIFACTS_URL") as refused:
        open_store(url, cache=tmp_path, cache_gib=1, s3_endpoint=None)
    assert "secret" not in str(refused.value)


def test_a_directory_needs_none_of_the_libraries_of_s3() -> None:
    code = "import sys, backend.main, worker.celery_app; print({'fsspec', 'botocore'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
