"""No page of another site may make a visitor's browser change anything here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.auth.refusal import refuse

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class RefuseCrossSite:
    """Refuses a request that may change something when another site's page sent it.

    Needed without accounts, too: a browser on the machine is the local person whatever page it shows.
    """

    def __init__(self, app: ASGIApp, trusted_origins: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.trusted_origins = trusted_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if is_own(headers, self.trusted_origins):
            await self.app(scope, receive, send)
            return
        sender = headers.get("origin", "another site")
        detail = (
            f"{sender!r} may not send changes here. If it is a proxy's address of these pages, have the "
            "proxy pass the Host header on, or name it in STUDIO_UI_ORIGINS."
        )
        await refuse(scope, receive, send, HTTPStatus.FORBIDDEN, detail)


def is_own(headers: Headers, trusted_origins: frozenset[str]) -> bool:
    """Does the request come from our own pages, or from no page at all?

    Browsers say so in Sec-Fetch-Site (https and loopback), older ones and plain http in Origin; scripts
    send neither.
    """
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None or origin in trusted_origins:
        return True
    # The scheme is not compared: behind a proxy that ends TLS we see http where the browser sees https.
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
