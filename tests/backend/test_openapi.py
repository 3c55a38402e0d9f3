"""The API's own description is complete: names, errors, examples, links."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def description(sqlite_client: TestClient) -> dict[str, Any]:
    content: dict[str, Any] = sqlite_client.get("/api/v1/openapi.json").json()
    return content


def _operations(description: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method, path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_operations_have_readable_names_of_their_own(description: dict[str, Any]) -> None:
    operations = _operations(description)
    assert len(operations) == sum(len(methods) for methods in description["paths"].values())
    assert {"list_runs", "start_run", "approve_round", "review_label"} <= set(operations)
    for method, path, operation in operations.values():
        assert operation["description"], (method, path)


def test_every_error_is_a_problem_with_an_example(description: dict[str, Any]) -> None:
    for name, (_, path, operation) in _operations(description).items():
        errors = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert {"400", "503"} <= set(errors), name
        if operation.get("parameters") or "requestBody" in operation:
            assert "422" in errors, name
        for status, answer in errors.items():
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["example"]["status"] == int(status)
            assert content["example"]["instance"] == path


def test_every_body_has_an_example(description: dict[str, Any]) -> None:
    for name, (_, _, operation) in _operations(description).items():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            schema = content["schema"]
            if kind == "image/png":
                assert schema == {"type": "string", "format": "binary"}, name
                continue
            target = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            assert target.get("examples"), name


def test_links_lead_to_operations_and_parameters_that_exist(description: dict[str, Any]) -> None:
    operations = _operations(description)
    links = [
        (name, link)
        for name, (_, _, operation) in operations.items()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 30
    for name, link in links:
        _, _, target = operations[link["operationId"]]
        known = {parameter["name"] for parameter in target["parameters"]}
        assert set(link["parameters"]) <= known, (name, link)


def test_requests_that_start_work_take_an_idempotency_key(description: dict[str, Any]) -> None:
    for name in (
        "register_dataset",
        "scan_dataset",
        "start_run",
        "advance_run",
        "approve_round",
        "retry_job",
    ):
        _, _, operation = _operations(description)[name]
        assert "idempotency-key" in {parameter["name"] for parameter in operation["parameters"]}, name
