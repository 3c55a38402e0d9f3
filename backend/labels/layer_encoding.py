"""How the bytes of pixels travel."""

from __future__ import annotations

from typing import Final

import zstandard

SMALLEST: Final = 4096
"""Bytes below which packing is not worth its header."""


def takes_zstd(accept_encoding: str | None) -> bool:
    """Does an Accept-Encoding header name zstandard?"""
    return "zstd" in {item.split(";")[0].strip() for item in (accept_encoding or "").split(",")}


def packed(body: bytes, accept_encoding: str | None) -> tuple[bytes, dict[str, str]]:
    """The body as the client takes it best, and the headers that say how.

    Zstandard packs a layer ten times as fast as gzip, and smaller. Other clients get the plain body, which
    the app packs with gzip on its way out.
    """
    if not takes_zstd(accept_encoding) or len(body) < SMALLEST:
        return body, {}
    return zstandard.compress(body, 1), {"Content-Encoding": "zstd", "Vary": "Accept-Encoding"}
