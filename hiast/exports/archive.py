"""An export as one zip."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Final

from hiast.data.atomic_files import explained, open_atomically

EXPORT_FILE: Final = "export.zip"
_PACKED: Final = (".png",)
"""Endings of files that packing makes no smaller."""
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def zip_folder(folder: Path, out: Path) -> tuple[int, str]:
    """Pack what lies below `folder` into `out`; returns its bytes and SHA-256.

    The same files make the same zip. Raises UserError when it cannot be written; then there is none.
    """
    with open_atomically(out) as stream, explained(out), zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), date_time=_LONG_AGO)
            packed = path.suffix in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
    with out.open("rb") as written:
        return out.stat().st_size, hashlib.file_digest(written, "sha256").hexdigest()
