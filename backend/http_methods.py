"""HEAD and OPTIONS for every address, and which methods an address has."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def allowed_methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """The methods an address answers to, sorted; empty when there is nothing at that address."""
    found: set[str] = set()
    for route in iter_route_contexts(routes):
        pattern = getattr(route, "path_regex", None)
        if route.methods and pattern is not None and pattern.match(path):
            found |= route.methods
    if not found:
        return []
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


class HeadAndOptions:
    """Answers HEAD as GET without the body, and OPTIONS with the methods of the address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD and OPTIONS, pass on everything else."""
        if scope["type"] == "http" and scope["method"] in ("HEAD", "OPTIONS"):
            methods = allowed_methods(scope["app"].routes, scope["path"])
            if methods and scope["method"] == "OPTIONS":
                await Response(status_code=204, headers={"Allow": ", ".join(methods)})(scope, receive, send)
                return
            if "HEAD" in methods:
                await self._head(scope, receive, send)
                return
        # Mounted apps know their own methods.
        await self.app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def _hang_up() -> Message:
            # Ends streams, which would otherwise go on making what nobody reads.
            return {"type": "http.disconnect"} if answered else await receive()

        async def _headers_only(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            await send(message)
            if message["type"] == "http.response.start":
                answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        # The server goes by its own scope, which must stay that of a HEAD.
        inner = {**scope, "method": "GET"}
        await self.app(inner, _hang_up, _headers_only)
        scope.update({name: inner[name] for name in ("endpoint", "path_params") if name in inner})
