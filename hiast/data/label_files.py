"""The pixel files of pseudo-labels; nothing else reads or writes them.

Beside each other, for an image named a/b: a/b.prediction.png (class ids, palette), a/b.confidence.zst
(codes, see below) and a/b.reason.png (`Reason` per pixel). The kept label derives from these.

confidence: 16-byte header (magic, version, codebook, height, width), then zstd of the codes, each row
as differences to the left neighbour, low bytes first and high bytes behind (measured on road scenes:
ten times faster than 16-bit PNG and a sixth smaller).
"""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import zstandard
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.class_spaces import IGNORED, ClassSpace
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.data.atomic_files import write_atomically
from hiast.data.image_files import DAMAGED, MAX_PIXELS

_HEADER: Final = struct.Struct("<4sBB2xII")
_MAGIC: Final = b"HSCC"
_VERSION: Final = 1
_CODEBOOKS: Final = ("log12", "float16")
FILE_KINDS: Final = ("confidence", "reason", "prediction")
KEPT_LABEL_KINDS: Final = ("reason", "prediction")
"""The files `read_kept_label` needs."""
REASON_PALETTE: Final = [255, 255, 255, 90, 90, 90, 0, 0, 0, 220, 50, 50, 50, 120, 220, 150, 90, 170]


def file_name(name: str, kind: str) -> str:
    """A file of the label of image `name`, below its set. Raises UserError for a name that leads out."""
    return inside(name, f"{kind}.{'zst' if kind == 'confidence' else 'png'}")


def inside(name: str, suffix: str) -> str:
    """A file of image `name`, below a directory. Raises UserError for a name that leads out."""
    if name.startswith("/") or ".." in Path(name).parts:
        raise UserError(f"image name {name!r} leads out of the label set.", where="label")
    return f"{name}.{suffix}"


def label_path(directory: Path, name: str, kind: str) -> Path:
    """Where that file lies. Raises UserError for a name that leads out."""
    return directory / file_name(name, kind)


def write_label_files(
    directory: Path,
    name: str,
    *,
    prediction: NDArray[np.uint8],
    codes: NDArray[np.uint16],
    reason: NDArray[np.uint8],
    classes: ClassSpace,
    codebook: str,
) -> dict[str, str]:
    """Write the three files of one label, (H, W) each. Each appears whole or not at all.

    Returns the SHA-256 of each, by its kind.
    """
    files = {
        "confidence": encode_codes(codes, codebook),
        "reason": encode_ids(reason, REASON_PALETTE),
        "prediction": encode_ids(prediction, classes.palette()),
    }
    for kind, content in files.items():
        write_atomically(label_path(directory, name, kind), content)
    return {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()}


def write_reason(directory: Path, name: str, reason: NDArray[np.uint8]) -> str:
    """Write the reason map (H, W) of a label alone; returns its SHA-256."""
    content = encode_ids(reason, REASON_PALETTE)
    write_atomically(label_path(directory, name, "reason"), content)
    return hashlib.sha256(content).hexdigest()


def encode_ids(ids: NDArray[np.uint8], palette: list[int], transparent: bytes | None = None) -> bytes:
    """A paletted PNG of ids (H, W); `transparent`: alpha per id, for overlays."""
    image = Image.fromarray(ids, mode="L")
    image.putpalette(palette)
    out = io.BytesIO()
    options = {} if transparent is None else {"transparency": transparent}
    image.save(out, "PNG", compress_level=3, **options)
    return out.getvalue()


def encode_codes(codes: NDArray[np.uint16], codebook: str) -> bytes:
    """Confidence codes (H, W) as bytes; `codebook` says what they mean."""
    height, width = codes.shape
    delta = codes.astype("<u2")
    delta[:, 1:] -= codes[:, :-1]
    planes = delta.reshape(-1).view(np.uint8).reshape(-1, 2).T.tobytes()
    header = _HEADER.pack(_MAGIC, _VERSION, _CODEBOOKS.index(codebook), height, width)
    return header + zstandard.ZstdCompressor(level=1, write_checksum=True).compress(planes)


def decode_codes(content: bytes, where: str) -> tuple[NDArray[np.uint16], str]:
    """Codes (H, W) uint16 and the name of their codebook. Raises UserError for damaged content."""
    packed = unpack_codes(content, where)
    delta = np.frombuffer(packed.planes(), np.uint8).reshape(2, -1).T.copy().view("<u2")
    codes: NDArray[np.uint16] = np.cumsum(
        delta.reshape(packed.height, packed.width), axis=1, dtype=np.uint16
    )
    return codes, packed.codebook


@dataclass(frozen=True)
class PackedCodes:
    """A confidence file whose header has been read and found to fit, its codes still packed."""

    codebook: str
    height: int
    width: int
    frame: bytes
    """A zstd frame of 2·H·W bytes: `planes`."""
    where: str

    def planes(self) -> bytes:
        """Low bytes of all codes, then high bytes, row-wise differences. Raises UserError."""
        try:
            return zstandard.ZstdDecompressor().decompress(self.frame)
        except zstandard.ZstdError as error:
            raise _damaged_codes(error, self.where) from error


def unpack_codes(content: bytes, where: str) -> PackedCodes:
    """Read a confidence file's header. Raises UserError where it does not fit the content."""
    try:
        magic, version, book, height, width = _HEADER.unpack_from(content)
        if magic != _MAGIC or version != _VERSION or height * width > MAX_PIXELS:
            raise ValueError(f"header {magic!r} version {version} size {width}×{height}")
        frame = content[_HEADER.size :]
        # A frame that says its size is unpacked to that size, whatever limit is given.
        if zstandard.frame_content_size(frame) != 2 * height * width:
            raise ValueError(f"content is not that of {width}×{height} pixels")
        return PackedCodes(_CODEBOOKS[book], height, width, frame, where)
    except (struct.error, ValueError, IndexError, zstandard.ZstdError) as error:
        raise _damaged_codes(error, where) from error


def _damaged_codes(error: Exception, where: str) -> UserError:
    return UserError(
        f"the confidence file is damaged ({error}).", where=where, remedy="Label the round again."
    )


def read_file(path: Path, what: str, remedy: str) -> bytes:
    """The content of a file. The UserError of one that cannot be read says `what` it is and the remedy."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{what} cannot be read ({error.strerror}).", where=str(path), remedy=remedy
        ) from error


def _read(path: Path) -> bytes:
    return read_file(path, "the label file", "Restore it or label the round again.")


def decode_ids(content: bytes, where: str) -> NDArray[np.uint8]:
    """Ids (H, W) uint8 of a paletted PNG. Raises UserError for damaged content."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS or image.mode not in ("L", "P"):
                raise ValueError(f"{image.mode} {image.width}×{image.height}")
            return np.array(image, dtype=np.uint8)
    except DAMAGED as error:
        raise UserError(
            f"the label file is damaged ({error}).", where=where, remedy="Label the round again."
        ) from error


def _read_ids(path: Path) -> NDArray[np.uint8]:
    return decode_ids(_read(path), str(path))


def read_prediction(directory: Path, name: str) -> NDArray[np.uint8]:
    """Predicted class ids, (H, W) uint8."""
    return _read_ids(label_path(directory, name, "prediction"))


def read_reason(directory: Path, name: str) -> NDArray[np.uint8]:
    """`Reason` of each pixel, (H, W) uint8."""
    return _read_ids(label_path(directory, name, "reason"))


def read_codes(directory: Path, name: str) -> tuple[NDArray[np.uint16], str]:
    """Confidence codes, (H, W) uint16, and the name of their codebook."""
    path = label_path(directory, name, "confidence")
    return decode_codes(_read(path), str(path))


def read_stored(directory: Path, name: str, kind: str) -> bytes:
    """A file of the label as it is stored. Raises UserError when it cannot be read."""
    return _read(label_path(directory, name, kind))


def read_kept_label(directory: Path, name: str, reasons: Path | None = None) -> NDArray[np.uint8]:
    """The label as it was made: (H, W) uint8 class ids, 255 where nothing is kept.

    reasons: where its reason map lies; None: beside the prediction. Raises UserError when its files are
    missing, damaged or of different sizes.
    """
    return read_kept_and_reason(directory, name, reasons)[0]


def read_kept_and_reason(
    directory: Path, name: str, reasons: Path | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What `read_kept_label` reads, and the `Reason` of each pixel."""
    reason, prediction = read_reason(reasons or directory, name), read_prediction(directory, name)
    if reason.shape != prediction.shape:
        raise UserError(
            f"the reason map is {reason.shape}, the prediction {prediction.shape} (height, width).",
            where=str(label_path(reasons or directory, name, "reason")),
            remedy="Label the round again.",
        )
    kept = (reason == Reason.KEPT) | (reason == Reason.CORRECTED)
    return np.where(kept, prediction, np.uint8(IGNORED)), reason
