"""A disk of a few megabytes that can be filled up and emptied."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

FILLER = "filler"
BLOCK = bytes(4096)


@dataclass
class SmallDisk:
    root: Path

    def fill(self) -> None:
        """Take all the space that is left."""
        with (self.root / FILLER).open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(BLOCK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_space(self) -> None:
        (self.root / FILLER).unlink()


@contextmanager
def small_disk(root: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mounted at the directory `root`; skips the test where mounting is not allowed."""
    size = f"size={mebibytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(root)
    finally:
        # Lazy: a process of a failed test may still have a file open in it.
        subprocess.run(["umount", "--lazy", str(root)], check=True)
