"""How the bytes of a raw layer travel."""

from __future__ import annotations

from typing import Final

import zstandard

SMALLEST: Final = 4096
"""Bytes below which packing is not worth its header."""


def packed(body: bytes, accept_encoding: str | None) -> tuple[bytes, dict[str, str]]:
    """The body as the client takes it best, and the headers that say how.

    Zstandard packs a layer ten times as fast as gzip, and smaller. Other clients get the plain body, which
    the app packs with gzip on its way out.
    """
    accepted = {item.split(";")[0].strip() for item in (accept_encoding or "").split(",")}
    if "zstd" not in accepted or len(body) < SMALLEST:
        return body, {}
    return zstandard.compress(body, 1), {"Content-Encoding": "zstd", "Vary": "Accept-Encoding"}
