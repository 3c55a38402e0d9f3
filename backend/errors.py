"""Errors leave the API as problem+json (RFC 9457) that says what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

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


class UnavailableError(UserError):
    """Another server this one needs does not answer as it should; later it may (503)."""


STATUS_OF: Final[dict[type[UserError], HTTPStatus]] = {
    UnauthorizedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
    PreconditionRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Every other UserError is a request that does not fit (422)."""


def problem(
    request: Request, status: HTTPStatus, detail: str, errors: list[dict[str, Any]] | None = None
) -> JSONResponse:
    """A problem+json answer."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": request.url.path,
    }
    if errors:
        content["errors"] = errors
    return JSONResponse(content, status.value, media_type="application/problem+json")


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path", "header"))


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of the app as problem+json."""

    @app.exception_handler(UserError)
    async def _user_error(request: Request, error: UserError) -> JSONResponse:
        details = [{"field": error.where, "problem": error.problem, "remedy": error.remedy}]
        return problem(
            request, STATUS_OF.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY), str(error), details
        )

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        details = [
            {"field": _field(item["loc"]), "problem": item["msg"].removeprefix("Value error, ")}
            for item in error.errors()
        ]
        sentence = "; ".join(f"{item['field']}: {item['problem']}" for item in details)
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentence, details)

    @app.exception_handler(IntegrityError)
    async def _integrity(request: Request, error: IntegrityError) -> JSONResponse:
        # Two requests at once passed the same check; the database let the first one through.
        log.info("request.raced", path=request.url.path, error=str(error.orig))
        detail = "Another request has just created or changed the same thing. Read it again, then decide."
        return problem(request, HTTPStatus.CONFLICT, detail)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, HTTPStatus(error.status_code), str(error.detail))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, _error: Exception) -> JSONResponse:
        # The traceback goes to the server's log (starlette re-raises it there), never outside.
        return problem(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "The service met an error of its own. The server log has the details.",
        )
