"""Files that are either complete or absent: written beside the target, flushed, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hiast.contracts.errors import UserError


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, creating its folders; readers see the old file or the whole new one.

    The temporary file is hidden (its name begins with a dot) and removed if writing fails.
    Raises UserError when the system refuses (disk full, no permission).
    """
    with open_atomically(path) as stream:
        stream.write(data)


@contextmanager
def open_atomically(path: Path) -> Iterator[IO[bytes]]:
    """`write_atomically` for what is written piece by piece: a stream that appears whole at its end."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes private files; other accounts of the machine read data sets and labels.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _refused(path, error) from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    try:
        _flush_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error


def remove_unfinished(folder: Path) -> None:
    """Delete what processes that were killed while writing have left below `folder`.

    Only for a folder that nobody writes into: the file another process is writing would go, too.
    """
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> UserError:
    return UserError(
        f"the file could not be written ({error.strerror or error}).",
        where=str(path),
        remedy="Free disk space or give write permission for its folder, then start again.",
    )
