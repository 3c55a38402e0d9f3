"""Files that are either complete or absent: written beside the target, flushed, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from hiast.contracts.errors import UserError


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, creating its folders; readers see the old file or the whole new one.

    The temporary file is hidden (its name begins with a dot) and removed if writing fails.
    Raises UserError when the system refuses (disk full, no permission).
    """
    with open_atomically(path) as stream, explained(path):
        stream.write(data)


@contextmanager
def open_atomically(path: Path) -> Iterator[IO[bytes]]:
    """`write_atomically` for what is written piece by piece: a stream that appears whole at its end.

    Errors raised inside are not touched; the file does not appear then. Write within `explained`.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    stream, temporary = os.fdopen(handle, "wb"), Path(name)
    try:
        yield stream
        with explained(path):
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            # mkstemp makes private files; other accounts of the machine read data sets and labels.
            temporary.chmod(0o644)
            temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # what it still holds found no room before either
            stream.close()
        temporary.unlink(missing_ok=True)
        raise
    with explained(path):
        _flush_folder(path.parent)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """An OSError inside is raised as a UserError that says what to do about writing `path`."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"the file could not be written ({error.strerror or error}).",
            where=str(path),
            remedy="Free disk space or give write permission for its folder, then start again.",
        ) from error


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
