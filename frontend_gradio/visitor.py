"""The person in front of the browser: what the pages pass on to the API, and who may not see them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.auth.local import is_local
from frontend_gradio.api_client import ApiClient, ApiError

COOKIE: Final = "studio_session"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]+")
_CHECKS_AT_ONCE: Final = 8


def identity_of(request: HTTPConnection | None) -> dict[str, str]:
    """The headers with which the API knows the visitor rather than this process.

    Without a visitor, or with one who is not at this machine, the API must not take the call for one
    of the machine's own person: X-Forwarded-For says that it is somebody else's.
    """
    if request is None:
        return {"X-Forwarded-For": "unknown"}
    headers = {}
    cookie = request.cookies.get(COOKIE, "")
    if _SECRET.fullmatch(cookie):
        headers["Cookie"] = f"{COOKIE}={cookie}"
    if not is_local(request):
        headers["X-Forwarded-For"] = request.client.host if request.client else "unknown"
    return headers


def name_of_visitor(client: ApiClient) -> Callable[[Request], Awaitable[str | None]]:
    """Gradio's auth_dependency: the visitor's name, or None when they must sign in first."""
    # Threads of their own: in the embedded set-up the API answers from the shared ones, and checks that
    # held all of those would wait for ever.
    limiter = CapacityLimiter(_CHECKS_AT_ONCE)

    async def _name(request: Request) -> str | None:
        try:
            who = await to_thread.run_sync(client.as_visitor(identity_of(request)).who, limiter=limiter)
        except ApiError as error:
            if error.status == 401:
                return None
            raise HTTPException(503, error.detail) from error
        return who.name

    return _name


class SendSignedOutToSignIn:
    """Turns the refusal of a page into the way to the sign-in page, and from there back."""

    def __init__(self, app: ASGIApp, pages: str, sign_in: str) -> None:
        """`pages`: path below which pages lie; `sign_in`: path of the sign-in page."""
        self.app, self.pages, self.sign_in = app, pages, sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer 303 where a page would answer 401."""
        if not self._is_page(scope):
            await self.app(scope, receive, send)
            return
        refused = False

        async def _send(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 401:
                refused = True
                query = scope["query_string"].decode("latin-1")
                back = scope["path"] + (f"?{query}" if query else "")
                address = f"{self.sign_in}?next={quote(back, safe='/')}"
                answer = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
                await answer(scope, receive, send)
            elif not refused:
                await send(message)

        await self.app(scope, receive, _send)

    def _is_page(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        path: str = scope["path"]
        below = path == self.pages or path.startswith(f"{self.pages}/")
        return below and "text/html" in Headers(scope=scope).get("accept", "")
