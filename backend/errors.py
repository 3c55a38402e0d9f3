"""Errors leave the API as problem+json (RFC 9457) that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from backend.http_methods import allowed_methods
from hiast.contracts.errors import NotFoundError, UserError

log = structlog.get_logger()


class ConflictError(UserError):
    """The request fits, but not the state the thing is in (409)."""


class PreconditionFailedError(UserError):
    """The If-Match tag is not the present one: somebody was faster (412)."""


class PreconditionRequiredError(UserError):
    """The write needs an If-Match header (428)."""


class UnauthorizedError(UserError):
    """Nobody is signed in, or the credentials are not valid (401)."""


class ForbiddenError(UserError):
    """The person who asks may not do this (403)."""


class TooManyAttemptsError(UserError):
    """Refused too often; it may be tried again after so many seconds (429)."""

    def __init__(self, problem: str, *, where: str = "", seconds: int) -> None:
        self.seconds = seconds
        super().__init__(problem, where=where, remedy=f"Try again in {seconds} seconds.")


class UnavailableError(UserError):
    """Another server this one needs does not answer as it should; later it may (503)."""


STATUS_OF: Final[dict[type[UserError], HTTPStatus]] = {
    UnauthorizedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
    PreconditionRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    TooManyAttemptsError: HTTPStatus.TOO_MANY_REQUESTS,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Every other UserError is a request that does not fit (422)."""


def _address(request: Request) -> str:
    # Not request.url, which also reads the Host header, and that may be anything.
    return quote(request.scope["path"], errors="replace")


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem+json answer."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": _address(request),
    }
    if errors:
        content["errors"] = errors
    # Pure ASCII: what was asked for may hold characters that UTF-8 has no bytes for.
    body = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return Response(body, status.value, headers, media_type="application/problem+json")


def unexpected_problem(request: Request) -> Response:
    """The answer to a fault of our own. The traceback goes to the server's log, never outside."""
    return problem(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The service met an error of its own. The server log has the details.",
    )


def _headers(error: UserError) -> dict[str, str]:
    if isinstance(error, UnauthorizedError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooManyAttemptsError):
        return {"Retry-After": str(error.seconds)}
    return {}


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path", "header"))


def _body_problem(request: Request, error: RequestValidationError) -> Response | None:
    """What is wrong with the body as a whole: not JSON (400), or not said to be (415)."""
    for item in error.errors():
        if item["type"] == "json_invalid":
            place = item["loc"][-1]
            detail = (
                f"the body is not JSON ({item['ctx']['error']}, character {place}). Send a JSON object."
            )
            return problem(request, HTTPStatus.BAD_REQUEST, detail)
        if item["loc"] == ("body",) and isinstance(item["input"], bytes):
            kind = request.headers.get("content-type", "")
            detail = f"the body has Content-Type {kind!r}. Send JSON with Content-Type: application/json."
            headers = {"Accept": "application/json"}
            return problem(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers)
    return None


def _sentence(request: Request, error: HTTPException) -> tuple[str, dict[str, str]]:
    """What the framework's own errors mean, and the headers that belong to them."""
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"there is nothing at {_address(request)}. /api/docs lists every address.", headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework lists the methods of one route, but several may share an address.
        headers["Allow"] = ", ".join(allowed_methods(request.app.routes, request.scope["path"]))
        return f"{request.method} is not possible here. Possible: {headers['Allow']}.", headers
    return str(error.detail), headers


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of the app as problem+json."""

    @app.exception_handler(UserError)
    async def _user_error(request: Request, error: UserError) -> Response:
        details = [{"field": error.where, "problem": error.problem, "remedy": error.remedy}]
        status = STATUS_OF.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        answer = problem(request, status, str(error), details)
        answer.headers.update(_headers(error))
        return answer

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        of_body = _body_problem(request, error)
        if of_body is not None:
            return of_body
        details = [
            {"field": _field(item["loc"]), "problem": item["msg"].removeprefix("Value error, ")}
            for item in error.errors()
        ]
        sentence = "; ".join(f"{item['field']}: {item['problem']}" for item in details)
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentence, details)

    @app.exception_handler(IntegrityError)
    async def _integrity(request: Request, error: IntegrityError) -> Response:
        # Two requests at once passed the same check; the database let the first one through.
        log.info("request.raced", error=str(error.orig))
        detail = "Another request has just created or changed the same thing. Read it again, then decide."
        return problem(request, HTTPStatus.CONFLICT, detail)

    async def _unreachable(request: Request, error: Exception) -> Response:
        log.error("database.unreachable", error=str(getattr(error, "orig", error)))
        detail = "The database cannot be reached or is overloaded. Nothing was changed; try again."
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})

    for kind in (OperationalError, InterfaceError, PoolTimeoutError):
        app.add_exception_handler(kind, _unreachable)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        detail, headers = _sentence(request, error)
        return problem(request, HTTPStatus(error.status_code), detail, headers=headers)
