"""How the stand-in for the REST API answers: pages of lists, refusals, things by their id."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

BASE = "/api/v1"


class ProblemError(Exception):
    """Becomes problem+json."""

    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail


def problem_response(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    body = {
        "type": "about:blank",
        "title": "Problem",
        "status": error.status,
        "detail": error.detail,
        "instance": "/",
        "errors": [],
    }
    return JSONResponse(body, error.status, media_type="application/problem+json")


def page(items: list[Any], limit: int, cursor: str | None) -> dict[str, Any]:
    start = int(cursor or 0)
    following = start + limit if start + limit < len(items) else None
    return {
        "items": [item.model_dump(mode="json") for item in items[start : start + limit]],
        "next_cursor": None if following is None else str(following),
        "total": len(items),
    }


def found(items: list[Any], item_id: int, noun: str) -> Any:
    for item in items:
        if item.id == item_id:
            return item
    raise ProblemError(404, f"{noun} {item_id} does not exist. Known: {[item.id for item in items]}.")


def changed(item_id: int, items: list[Any], noun: str, **update: Any) -> Any:
    item = found(items, item_id, noun)
    items[items.index(item)] = item.model_copy(update=update)
    return found(items, item_id, noun)
