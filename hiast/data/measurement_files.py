"""What a network said of an image, kept until the image gets its label: one file an image.

Not beside the labels but in a folder of their own: for an image named a/b the file a/b.measurement, a
16-byte header (magic, CRC-32 of the rest, length of the codes), then confidence codes and prediction just
as label files hold them. A file is whole or absent, so interrupted work goes on behind what is there.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.errors import UserError
from hiast.data.atomic_files import write_atomically
from hiast.data.label_files import decode_codes, decode_ids, encode_codes, encode_ids, inside

_HEADER: Final = struct.Struct("<4sIQ")
_MAGIC: Final = b"HSM1"


def measurement_name(name: str) -> str:
    """The file of the measurement of image `name`. Raises UserError for a name that leads out."""
    return inside(name, "measurement")


def measurement_path(directory: Path, name: str) -> Path:
    """Where that file lies. Raises UserError for a name that leads out."""
    return directory / measurement_name(name)


def write_measurement(
    directory: Path,
    name: str,
    *,
    prediction: NDArray[np.uint8],
    codes: NDArray[np.uint16],
    classes: ClassSpace,
    codebook: str,
) -> None:
    """Write class ids and confidence codes (H, W) of one image."""
    confidence = encode_codes(codes, codebook)
    ids = encode_ids(prediction, classes.palette())
    body = confidence + ids
    header = _HEADER.pack(_MAGIC, zlib.crc32(body), len(confidence))
    write_atomically(measurement_path(directory, name), header + body)


@dataclass(frozen=True)
class StoredMeasurement:
    """The parts of a file as label files hold them, not decoded."""

    confidence: bytes
    prediction: bytes
    checksum: int
    where: str


def read_stored(directory: Path, name: str) -> StoredMeasurement:
    """The file of image `name`. Raises UserError when it is missing or damaged."""
    path = measurement_path(directory, name)
    try:
        content = path.read_bytes()
        magic, checksum, length = _HEADER.unpack_from(content)
        rest = content[_HEADER.size :]
        if magic != _MAGIC or zlib.crc32(rest) != checksum:
            raise ValueError("it is damaged")
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (struct.error, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    return StoredMeasurement(rest[:length], rest[length:], checksum, str(path))


def read_measurement(directory: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint16], str]:
    """Class ids (H, W) uint8, confidence codes (H, W) uint16 and the name of their codebook.

    Raises UserError when the file is missing or damaged.
    """
    stored = read_stored(directory, name)
    codes, codebook = decode_codes(stored.confidence, stored.where)
    return decode_ids(stored.prediction, stored.where), codes, codebook


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the measurement cannot be read ({reason}).",
        where=str(path),
        remedy="Restore the file, or start the run again.",
    )
