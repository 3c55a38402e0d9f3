"""The API's own description: readable operation ids, every error with an example, and links that say
which answer leads to which request."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "An error as RFC 9457 describes it. `detail` says what is wrong and what to do.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The address that was asked for."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {
                    "field": {"type": "string"},
                    "problem": {"type": "string"},
                    "remedy": {"type": "string"},
                },
            },
        },
    },
}
DETAILS: Final[dict[int, str]] = {
    400: "the body is not JSON (Expecting value, character 9). Send a JSON object.",
    401: "nobody is signed in. Sign in, or send a token as Authorization: Bearer.",
    403: "'ann' may not do this: it needs the permission 'operate'.",
    404: "run 7 does not exist. GET /api/v1/runs lists them.",
    409: "run 7 is running. Only a run that waits for review, has failed or was canceled can be moved on.",
    412: "If-Match: label 7 was decided on meanwhile (now accepted, version 2). Read it again and decide.",
    413: "the body is larger than 1,048,576 bytes. Send less at once.",
    415: "the body has Content-Type 'text/plain'. Send JSON with Content-Type: application/json.",
    422: "limit: Input should be less than or equal to 1000",
    428: "If-Match: a decision needs the If-Match header. Send the ETag of GET /api/v1/labels/7.",
    503: "The database cannot be reached or is overloaded. Nothing was changed; try again.",
}
"""An example of each error."""
ID: Final = "$response.body#/id"
PATH_ID: Final = "$request.path.label_id"
FIRST: Final = "$response.body#/items/0/id"
NEXT: Final = {"cursor": "$response.body#/next_cursor"}
LINKS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "list_datasets": {"get_dataset": {"dataset_id": FIRST}, "list_datasets": NEXT},
    "register_dataset": {
        "get_dataset": {"dataset_id": ID},
        "list_images": {"dataset_id": ID},
        "scan_dataset": {"dataset_id": ID},
        "forget_dataset": {"dataset_id": ID},
        "get_job": {"job_id": "$response.body#/scan_job_id"},
    },
    "get_dataset": {"list_images": {"dataset_id": ID}, "scan_dataset": {"dataset_id": ID}},
    "scan_dataset": {"get_job": {"job_id": ID}, "cancel_job": {"job_id": ID}},
    "get_recipes": {"get_recipe": {"name": "$response.body#/0/name"}},
    "list_runs": {"get_run": {"run_id": FIRST}, "list_runs": NEXT},
    "start_run": {
        "get_run": {"run_id": ID},
        "cancel_run": {"run_id": ID},
        "advance_run": {"run_id": ID},
        "run_curves": {"run_id": ID},
        "get_job": {"job_id": "$response.body#/active_job_id"},
    },
    "get_run": {
        "cancel_run": {"run_id": ID},
        "advance_run": {"run_id": ID},
        "list_jobs": {"run_id": ID},
        "get_round": {"round_id": "$response.body#/rounds/0/id"},
    },
    "get_round": {
        "round_labels": {"round_id": ID},
        "round_thresholds": {"round_id": ID},
        "round_classes": {"round_id": ID},
        "approve_round": {"round_id": ID},
        "preview_training": {"round_id": ID},
        "veto_classes_of_round": {"round_id": ID, "if-match": "$response.header.ETag"},
    },
    "round_labels": {"get_label": {"label_id": FIRST}, "get_layer": {"label_id": FIRST}},
    "get_label": {
        "review_label": {"label_id": ID, "if-match": "$response.header.ETag"},
        "get_layer": {"label_id": ID, "v": "$response.body#/layers_digest"},
        "veto_classes_of_label": {"label_id": ID, "if-match": "$response.header.ETag"},
        "get_correction": {"label_id": ID},
        "list_corrections": {"label_id": ID},
        "compare_labels": {"left": ID, "right": "$response.body#/same_image/0/id"},
    },
    "get_correction": {
        "draw_correction": {"label_id": PATH_ID, "if-match": "$response.header.ETag"},
        "delete_correction": {"label_id": PATH_ID, "if-match": "$response.header.ETag"},
    },
    "draw_correction": {
        "delete_correction": {"label_id": PATH_ID, "if-match": "$response.header.ETag"},
        "get_correction": {"label_id": PATH_ID},
    },
    "review_label": {"get_label": {"label_id": ID}},
    "approve_round": {"get_job": {"job_id": "$response.body#/job_id"}},
    "list_jobs": {
        "get_job": {"job_id": FIRST},
        "job_log": {"job_id": FIRST},
        "cancel_job": {"job_id": FIRST},
        "retry_job": {"job_id": FIRST},
        "list_jobs": NEXT,
    },
    "cancel_job": {"retry_job": {"job_id": ID}},
}
"""Operation → operations that its answer leads to, with their parameters."""


def operation_id(route: APIRoute) -> str:
    """The name of the route's function: what clients made from the description call it."""
    return route.name


def document(app: FastAPI) -> None:
    """Complete the description the framework makes of the app."""
    made = app.openapi

    def _openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(made())
        return app.openapi_schema or {}

    app.openapi = _openapi  # type: ignore[method-assign]


def complete(description: dict[str, Any]) -> None:
    """Add problems and links to every operation, in place."""
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    # What the framework would answer to a request that does not fit; ours is a problem.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            responses.pop("422", None)
            # A route names further ones itself, by their status alone.
            named = {int(status) for status in responses if status[0] in "45"}
            for status in sorted(named | _statuses(path, method, operation)):
                responses[str(status)] = _problem_response(status, path)
            success = next(status for status in responses if status[0] == "2")
            links = LINKS.get(operation["operationId"], {})
            if links:
                responses[success]["links"] = {
                    name: {"operationId": name, "parameters": parameters}
                    for name, parameters in links.items()
                }


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The errors an operation can answer with, as its form tells."""
    parameters = operation.get("parameters", [])
    found = {400, 503}
    if path.startswith("/api/"):
        found |= {401, 403}
    if parameters or "requestBody" in operation:
        found |= {422}
    if any(parameter["in"] == "path" for parameter in parameters):
        found |= {404}
    if method != "get":
        found |= {409, 413}
    if "requestBody" in operation:
        found |= {415}
    if any(parameter["name"].lower() == "if-match" for parameter in parameters):
        found |= {412, 428}
    return found


def _problem_response(status: int, path: str) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    example = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": DETAILS.get(status, phrase),
        "instance": path,
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": phrase,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
