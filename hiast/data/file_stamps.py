"""Size and time of files: enough to see that one is still what it was when it was checked."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple

from hiast.contracts.errors import UserError
from hiast.data.listing import file_below


class FileStamp(NamedTuple):
    """Where a file really lies, its size in bytes, and when it was last written, in nanoseconds."""

    path: Path
    size: int
    modified_ns: int


def file_stamp(root: str, path: str, real_folders: dict[str, Path]) -> FileStamp | None:
    """The stamp of `root`/`path`; None when there is no such file or the path leads out of the root.

    `real_folders` remembers folders already resolved, of one scan: resolving every path anew would take
    longer than reading its header.
    """
    folder, _, name = path.rpartition("/")
    try:
        if folder not in real_folders:
            real_folders[folder] = file_below(root, folder)
        full = real_folders[folder] / name
        state = full.lstat()
        if stat.S_ISLNK(state.st_mode):
            full = file_below(root, path)
            state = full.stat()
    except (UserError, OSError, ValueError):
        return None
    return FileStamp(full, state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None
