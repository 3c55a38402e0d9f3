"""Secrets do not belong in addresses: those are logged, kept in histories and sent on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.auth.refusal import refuse
from backend.auth.secret import TOKEN_PREFIX

NAMES: Final = frozenset({"token", "access_token", "api_key"})


class RefuseSecretInAddress:
    """Refuses a request whose query holds a token, before anybody gets used to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        if scope["type"] == "http" and _holds_secret(scope["query_string"]):
            detail = (
                "The address holds a token. Send it as the header “Authorization: Bearer …”, and revoke "
                "this one: addresses are written to logs and browser histories."
            )
            await refuse(scope, receive, send, HTTPStatus.BAD_REQUEST, detail)
            return
        await self.app(scope, receive, send)


def _holds_secret(query: bytes) -> bool:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return any(name.lower() in NAMES or value.startswith(TOKEN_PREFIX) for name, value in pairs)
