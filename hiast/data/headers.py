"""What the first and last bytes of an image file tell, without decoding it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from PIL import Image

_PNG_START: Final = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR")
_PNG_END: Final = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
_PNG_HEADER_LENGTH: Final = 33
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels by colour type: grey, RGB, palette, grey with alpha, RGB with alpha."""

_JPEG_START: Final = b"\xff\xd8\xff"
_JPEG_END: Final = b"\xff\xd9"
_JPEG_CHANNELS: Final = {"L": 1, "RGB": 3, "CMYK": 4}


class Header(NamedTuple):
    """Size in pixels and form of an image; a palette counts as one channel."""

    width: int
    height: int
    channels: int
    bits: int
    """Per channel."""


def read_header(path: Path) -> Header | None:
    """The header of a PNG or JPEG whose beginning and end are intact.

    None for everything else, damaged or merely unusual (another format, bytes behind the end): only
    decoding can tell. What lies between the beginning and the end is not looked at. Raises OSError.
    """
    with path.open("rb", buffering=0) as stream:
        start = stream.read(_PNG_HEADER_LENGTH)
        if start.startswith(_PNG_START) and len(start) == _PNG_HEADER_LENGTH:
            return _png_header(start) if _ends_with(stream, _PNG_END) else None
        if start.startswith(_JPEG_START) and _ends_with(stream, _JPEG_END):
            return _jpeg_header(path)
    return None


def _ends_with(stream: BinaryIO, end: bytes) -> bool:
    stream.seek(-len(end), 2)
    return stream.read(len(end)) == end


def _png_header(start: bytes) -> Header | None:
    width, height, bits, colour_type, _, _, _, checksum = struct.unpack(">IIBBBBBI", start[16:33])
    if zlib.crc32(start[12:29]) != checksum or colour_type not in _PNG_CHANNELS:
        return None
    return Header(width, height, _PNG_CHANNELS[colour_type], bits)


def _jpeg_header(path: Path) -> Header | None:
    try:
        with Image.open(path) as image:
            channels = _JPEG_CHANNELS.get(image.mode)
            return None if channels is None else Header(image.width, image.height, channels, 8)
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
        return None
