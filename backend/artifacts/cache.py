"""Finished files of a remote store on the local disk, shared by all processes of the host.

    files/       each file once, by key and version; the least recently used go when there are too many
    processes/   one directory a process: what it works on, and downloads under way

A process links the files it needs for long into its own directory. So a file with a second link is in use
by somebody, whoever that is, and is never evicted. A process' directory is locked as long as the process
lives; that of one that was killed is removed by the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hiast.contracts.errors import UserError

JUST_USED_SECONDS: Final = 60.0
"""A file used more recently is kept: somebody may be about to open it."""
_LOOKS_A_LIMIT: Final = 32
"""The disk is looked over each time this share of the limit has been added."""


class FileCache:
    """The cache below `root`, holding about `limit` bytes of files that nobody has in use."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root, self._limit = root, limit
        self._files = root / "files"
        self._added = limit  # so that the first file has the disk looked over
        self._lock = threading.Lock()
        self._own: tempfile.TemporaryDirectory[str] | None = None

    def own_directory(self) -> Path:
        """The directory of this process, removed when it ends."""
        with self._lock:
            if self._own is None:
                with self._explained():
                    self._own = _claimed_directory(self._root / "processes")
            return Path(self._own.name)

    def path(self, name: str) -> Path:
        """Where the file of that name lies, if it is here."""
        return self._files / name

    def has(self, name: str) -> bool:
        """Is the file here? If so it counts as just used."""
        try:
            os.utime(self.path(name))
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A directory for downloads, empty and removed at the end, from which `keep` takes files."""
        with tempfile.TemporaryDirectory(dir=self.own_directory(), prefix="incoming-") as directory:
            yield Path(directory)

    def keep(self, finished: Path, name: str) -> None:
        """Move a finished file into the cache. Two processes that keep the same file do no harm."""
        with self._explained():
            with finished.open("rb") as stream:
                os.fsync(stream.fileno())
                size = os.fstat(stream.fileno()).st_size
            target = self.path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            finished.replace(target)
            self._make_room(size)

    def link(self, name: str, place: Path) -> bool:
        """Put the file at `place`, where it stays whatever is evicted; False: it is not here."""
        if not self.has(name):
            return False
        with self._explained():
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.link")
            try:
                beside.hardlink_to(self.path(name))
            except FileNotFoundError:  # evicted since we looked
                return False
            beside.replace(place)
            # Renaming onto another link of the same file does nothing, and leaves the first name.
            beside.unlink(missing_ok=True)
        return True

    def adopt(self, own_file: Path, name: str) -> None:
        """Let the cache have a file of this process, which must not change in place any more."""
        with self.incoming() as directory, self._explained():
            target, link = self.path(name), directory / "link"
            target.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(own_file)
            link.replace(target)
            self._make_room(own_file.stat().st_size)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(
                f"the cache cannot be used ({error.strerror}).",
                where=str(self._root),
                remedy="STUDIO_CACHE names it: a local disk with hard links, room and write permission.",
            ) from error

    def _make_room(self, size: int) -> None:
        with self._lock:
            self._added += size
            if self._added * _LOOKS_A_LIMIT < self._limit:
                return
            self._added = 0
        held, idle = 0, []
        for path in self._files.rglob("*"):
            try:
                state = path.lstat()
            except FileNotFoundError:  # another process makes room at the same time
                continue
            if path.is_dir() or state.st_nlink > 1:
                continue
            held += state.st_size
            if time.time() - state.st_mtime > JUST_USED_SECONDS:
                idle.append((state.st_mtime, state.st_size, path))
        for _, size, path in sorted(idle):
            if held <= self._limit:
                return
            path.unlink(missing_ok=True)
            held -= size


def _claimed_directory(root: Path) -> tempfile.TemporaryDirectory[str]:
    """A new locked directory below `root`; those that nobody has locked any more are removed."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "gate").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        for other in root.iterdir():
            if other.is_dir() and (abandoned := _locked(other)) is not None:
                shutil.rmtree(other, ignore_errors=True)
                os.close(abandoned)
        made = tempfile.TemporaryDirectory(dir=root, prefix="")
        # The descriptor is kept open on purpose: the lock ends with the process.
        _locked(Path(made.name))
        return made


def _locked(directory: Path) -> int | None:
    """Lock the directory; the descriptor that holds the lock, or None when another process has it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
