"""Refusing a request before it reaches any route."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send


async def refuse(scope: Scope, receive: Receive, send: Send, status: HTTPStatus, detail: str) -> None:
    """Answer with problem+json."""
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": scope["path"],
    }
    answer = JSONResponse(content, status.value, media_type="application/problem+json")
    await answer(scope, receive, send)
