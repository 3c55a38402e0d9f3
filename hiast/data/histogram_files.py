"""Counted confidence codes of all labels of a round in one file, made to be mapped into memory.

For each image, in labelling order: its keys, running counts and block weights (what they are:
hiast/selection/counted_codes.py); at the end a table of where each lies and of the sums by class. A file is
complete or absent. Little endian, all aligned to 8 bytes; not compressed, for it is searched in place.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import UserError
from hiast.data.atomic_files import explained, open_atomically

_HEADER: Final = struct.Struct("<4sBBHIIQQI4x")
"""Magic, version, codebook, zero, images, classes, where the table begins and its bytes, its CRC-32."""
_MAGIC: Final = b"HSHG"
_VERSION: Final = 1
_CODEBOOKS: Final = ("log12", "float16")


@dataclass(frozen=True, eq=False)
class StoredHistograms:
    """T images of C classes.

    words: the whole file as uint32. keys_at, length: (T,) where an image's keys begin in `words`, and how
    many there are; the length + 1 running counts follow them. blocks_at: (T,) where its block weights begin
    in `words` seen as int64. counts: (T, C) pixels; ends: (T, C) uint32 place behind each class's keys;
    end_weights: (T, C) int64, the weights of all pixels before it.
    """

    codebook: str
    words: NDArray[np.uint32]
    keys_at: NDArray[np.int64]
    length: NDArray[np.int64]
    blocks_at: NDArray[np.int64]
    counts: NDArray[np.uint32]
    ends: NDArray[np.uint32]
    end_weights: NDArray[np.int64]


@contextmanager
def writing_histograms(path: Path, classes: int, codebook: str) -> Iterator[HistogramWriter]:
    """Takes image after image; the file appears at `path` when all went well to the end."""
    with open_atomically(path) as stream:
        writer = HistogramWriter(stream, path, classes, codebook)
        yield writer
        writer.finish()


class HistogramWriter:
    """What `writing_histograms` gives."""

    def __init__(self, stream: IO[bytes], path: Path, classes: int, codebook: str) -> None:
        self._stream, self._path = stream, path
        self._classes, self._codebook = classes, codebook
        self._rows: list[tuple[Any, ...]] = []
        self._at = 0
        self._write(bytes(_HEADER.size))

    def append(
        self,
        keys: NDArray[np.uint32],
        running: NDArray[np.uint32],
        blocks: NDArray[np.int64],
        counts: NDArray[Any],
        ends: NDArray[Any],
        end_weights: NDArray[np.int64],
    ) -> None:
        """Add the next image."""
        start = self._at
        for part in (keys.astype("<u4"), running.astype("<u4")):
            self._write(part.tobytes())
        self._write(bytes(-self._at % 8))
        self._rows.append((start // 4, len(keys), self._at // 8, counts, ends, end_weights))
        self._write(blocks.astype("<i8").tobytes())

    def _write(self, content: bytes) -> None:
        with explained(self._path):
            self._stream.write(content)
        self._at += len(content)

    def finish(self) -> None:
        """Write the table and the header that tells where it is."""
        table = self._table()
        header = _HEADER.pack(
            _MAGIC,
            _VERSION,
            _CODEBOOKS.index(self._codebook),
            0,
            len(self._rows),
            self._classes,
            self._at,
            len(table),
            zlib.crc32(table),
        )
        self._write(table)
        with explained(self._path):
            self._stream.seek(0)
        self._write(header)

    def _table(self) -> bytes:
        return b"".join(np.array(column, "<i8").tobytes() for column in zip(*self._rows, strict=True))


def read_histograms(path: Path) -> StoredHistograms:
    """Map a file. Raises UserError when it is missing, damaged, or of another version."""
    try:
        # As a plain array: slices of a memmap are memmaps, and cost ten times as much.
        words = np.memmap(path, "<u4", "r").view(np.ndarray)
        magic, version, book, _, images, classes, at, size, checksum = _HEADER.unpack(
            words[: _HEADER.size // 4].tobytes()
        )
        if magic != _MAGIC or version != _VERSION:
            raise ValueError(f"header {magic!r} version {version}")
        table = words[at // 4 : (at + size) // 4].tobytes()
        if len(table) != size or size != 8 * images * (3 + 3 * classes) or zlib.crc32(table) != checksum:
            raise ValueError("its table does not fit")
        codebook = _CODEBOOKS[book]
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (struct.error, ValueError, IndexError) as error:
        raise _unreadable(path, str(error)) from error
    numbers = np.frombuffer(table, "<i8")
    keys_at, length, blocks_at = numbers[: 3 * images].reshape(3, images)
    counts, ends, weights = numbers[3 * images :].reshape(3, images, classes)
    return StoredHistograms(
        codebook,
        words,
        keys_at,
        length,
        blocks_at,
        counts.astype(np.uint32),
        ends.astype(np.uint32),
        weights,
    )


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the histograms of the round cannot be read ({reason}).",
        where=str(path),
        remedy="Restore the file, or label the round again.",
    )
