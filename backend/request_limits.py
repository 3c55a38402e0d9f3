"""What a request may be: its host, its size, its text and its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import problem
from hiast.contracts.errors import UserError

LARGEST_BODY: Final = 1024 * 1024
"""Bytes. The API takes JSON."""
LARGEST_PICTURE: Final = 16 * 1024 * 1024
"""Bytes. The one file that people send is what they draw over a label."""
_PICTURES: Final = re.compile(r"/api/v1/labels/[0-9]+/correction")
DEEPEST_JSON: Final = 32
"""Objects and lists inside each other; what is deeper breaks parsers and serialisers."""
LARGEST_INTEGER: Final = 2**63 - 1


class KnownHosts:
    """Refuses other host names than ours, so that a foreign page cannot reach us by DNS rebinding."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        """`hosts`: names, `*.domain` for all below one, or `*` for any."""
        self.app = app
        self.hosts = [host.strip().lower() for host in hosts]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what was sent to one of our names."""
        if scope["type"] not in ("http", "websocket") or self._known(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        detail = "this host name is not served here. STUDIO_ALLOWED_HOSTS lists those that are."
        await problem(Request({**scope, "type": "http"}), HTTPStatus.BAD_REQUEST, detail)(
            scope, receive, send
        )

    def _known(self, header: str) -> bool:
        try:
            name = (urlsplit(f"//{header}").hostname or "").lower()
        except ValueError:
            return False
        return any(
            host in ("*", name) or (host.startswith("*.") and name.endswith(host[1:]))
            for host in self.hosts
        )


class BodyLimit:
    """Refuses bodies that are larger than their address takes, announced or not (413)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = _largest_body(scope)
        detail = f"the body is larger than {largest:,} bytes. Send less at once."
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > largest:
            answer = problem(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            await answer(scope, receive, send)
            return
        received = 0

        async def _counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            return message

        await self.app(scope, _counted, send)


def _largest_body(scope: Scope) -> int:
    # By what it says it is: JSON is parsed before anybody knows who sent it.
    kind = Headers(scope=scope).get("content-type", "")
    drawn = scope["method"] == "PUT" and _PICTURES.fullmatch(scope["path"]) and kind.startswith("image/")
    return LARGEST_PICTURE if drawn else LARGEST_BODY


async def plain_values(request: Request) -> None:
    """Raises UserError for text and numbers that no field takes and the database cannot store."""
    for name, value in (*request.path_params.items(), *request.query_params.multi_items()):
        _require_plain(name, value)
    if "json" not in request.headers.get("content-type", "") or not await request.body():
        return
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        return  # no route reads this body: one that does has refused it before
    for place, value in _values(body):
        _require_plain(place, value)


def _values(body: Any) -> Iterator[tuple[str, Any]]:
    """Every key and every single value of a JSON body, with the place where it stands."""
    waiting: list[tuple[str, Any, int]] = [("", body, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > DEEPEST_JSON:
            raise UserError(
                f"the body holds objects or lists more than {DEEPEST_JSON} deep.",
                where=place[:100],
                remedy="Send what the documentation of this address shows.",
            )
        if isinstance(value, dict):
            for key, inner in value.items():
                yield place, key
                waiting.append((f"{place}.{key}".removeprefix("."), inner, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{place}.{index}", inner, depth + 1) for index, inner in enumerate(value)]
        else:
            yield place, value


def _require_plain(place: str, value: object) -> None:
    problem_of_value = None
    if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        problem_of_value = "the text holds a NUL or half a surrogate pair, which are no characters."
    elif isinstance(value, float) and not math.isfinite(value):
        problem_of_value = "the number is not finite."
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        problem_of_value = "the number does not fit into 64 bits."
    if problem_of_value:
        raise UserError(problem_of_value, where=place[:100], remedy="Send another value.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
