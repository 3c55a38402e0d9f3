"""The cache of an S3 store: bounded, shared by processes, never torn."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from backend.artifacts.cache import JUST_USED_SECONDS, FileCache
from hiast.contracts.errors import UserError
from tests.servers.stores import OpenStore

KILOBYTE = 1024
CRASH = """
import os, sys
from pathlib import Path
from backend.artifacts.cache import FileCache
cache = FileCache(Path(sys.argv[1]), 10**6)
(cache.own_directory() / "half").write_bytes(b"x")
print(cache.own_directory(), flush=True)
sys.stdin.read()
"""


def _keep(cache: FileCache, name: str, age: float = 0.0, size: int = KILOBYTE) -> Path:
    with cache.incoming() as directory:
        (directory / "0").write_bytes(b"x" * size)
        cache.keep(directory / "0", name)
    path = cache.path(name)
    if age:
        moment = time.time() - age
        os.utime(path, (moment, moment))
    return path


def test_the_least_recently_used_go_when_there_are_too_many(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 4 * KILOBYTE)
    paths = [_keep(cache, f"{number}", age=1000 - number) for number in range(4)]
    assert all(path.exists() for path in paths)
    assert cache.has("0")  # now the most recently used
    moment = time.time() - 2 * JUST_USED_SECONDS
    os.utime(paths[0], (moment, moment))
    _keep(cache, "new", age=0.0, size=2 * KILOBYTE)
    assert [path.exists() for path in paths] == [True, False, False, True]


def test_what_was_just_used_stays_though_it_is_too_much(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, KILOBYTE)
    paths = [_keep(cache, f"{number}") for number in range(3)]
    assert all(path.exists() for path in paths)


def test_what_a_process_has_in_use_is_never_evicted(tmp_path: Path) -> None:
    user, other = FileCache(tmp_path, KILOBYTE), FileCache(tmp_path, KILOBYTE)
    used = _keep(user, "used", age=1000)
    place = user.own_directory() / "work" / "label.png"
    assert user.link("used", place)
    moment = time.time() - 1000
    os.utime(used, (moment, moment))
    idle = _keep(other, "idle", age=900)
    _keep(other, "new")
    assert (used.exists(), idle.exists()) == (True, False)
    assert place.read_bytes() == b"x" * KILOBYTE
    place.unlink()
    _keep(other, "newer")
    assert not used.exists()


def test_linking_again_or_what_is_absent(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10**6)
    place = cache.own_directory() / "a" / "b"
    assert not cache.link("absent", place)
    _keep(cache, "first")
    _keep(cache, "second", size=7)
    assert cache.link("first", place)
    assert cache.link("first", place)
    assert cache.link("second", place)
    assert place.stat().st_size == 7
    assert [path.name for path in place.parent.iterdir()] == ["b"]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().decode().strip())
        FileCache(tmp_path, 10**6).own_directory()
        assert (left / "half").exists(), "a living process keeps its directory"
        process.kill()
        process.wait()
    assert (left / "half").exists()
    FileCache(tmp_path, 10**6).own_directory()
    assert not left.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(UserError, match="STUDIO_CACHE"):
        FileCache(tmp_path / "file" / "cache", 10**6).own_directory()


@pytest.mark.services
def test_many_threads_that_fetch_one_file_all_read_it_whole(open_s3: OpenStore) -> None:
    content = os.urandom(2_000_000)
    writer = open_s3("one")
    (writer.directory("k") / "big").write_bytes(content)
    writer.publish("k", ["big"])
    reader, read = open_s3("two"), []

    def fetch() -> None:
        read.append((reader.fetch("k", ["big"], version="1") / "big").read_bytes() == content)

    threads = [threading.Thread(target=fetch) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [True] * 12


@pytest.mark.services
def test_more_files_than_the_cache_may_hold_can_be_taken(open_s3: OpenStore) -> None:
    writer = open_s3("one")
    names = [f"{number:03}" for number in range(150)]
    for name in names:
        (writer.directory("k") / name).write_bytes(name.encode() * 100)
    writer.publish("k", names)
    reader, heard = open_s3("two", gib=1e-6), []
    reader.take("k", dict.fromkeys(names, "1"), heard.append)
    assert heard == [64, 128, 150]
    for name in names:
        assert (reader.directory("k") / name).read_bytes() == name.encode() * 100
