"""Every request gets an id, one line in the log, and a place in the latency histogram."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from backend.errors import unexpected_problem
from backend.metrics import REQUEST_SECONDS

SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
"""A request id that somebody else made is taken over only if it can do no harm in a log or a header."""
QUIET_PATHS: Final = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds: logged only when something is wrong."""
UNMATCHED: Final = "unmatched"
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
log = structlog.get_logger()


class ObservedRequests:
    """Binds the request's id to the log, answers it as X-Request-ID, logs and measures the request.

    A fault nobody caught is logged with its traceback and answered with a problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._templates: dict[Any, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and tell how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if SANE_ID.fullmatch(asked) else secrets.token_hex(8)
        start, status = time.perf_counter(), 500

        async def _send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        clear_contextvars()
        bind_contextvars(request_id=request_id)
        try:
            await self._guarded(scope, receive, _send)
        finally:
            self._tell(scope, status, time.perf_counter() - start)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def _send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, _send)
        except Exception:
            log.exception("request.failed")
            if started:
                raise
            await unexpected_problem(Request(scope))(scope, receive, send)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = self._template(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
        if route not in QUIET_PATHS or status >= 500:
            # Never the query, headers or body: they may hold secrets.
            ids = _ids(scope.get("path_params", {}))
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                milliseconds=round(1000 * seconds, 1),
                **ids,
            )

    def _template(self, scope: Scope) -> str:
        """The address with its parameters' names in place of their values, so that it is one of few."""
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return UNMATCHED
        if not self._templates:
            routes = iter_route_contexts(scope["app"].routes)
            self._templates = {
                route.endpoint: route.path for route in routes if route.endpoint and route.path
            }
        return self._templates.get(endpoint) or f"{scope.get('root_path', '')}/*"


def _ids(path_parameters: Mapping[str, Any]) -> dict[str, str]:
    """Ids of the things an address names, to find a run's or a job's lines in the log."""
    return {name: str(value)[:20] for name, value in path_parameters.items() if name.endswith("_id")}


async def bind_ids(request: Request) -> None:
    """Lines that are logged on the way carry the ids as well."""
    bind_contextvars(**_ids(request.path_params))
