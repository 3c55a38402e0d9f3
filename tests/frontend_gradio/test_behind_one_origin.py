"""API and pages as processes of their own behind one proxy: the pages act as whoever is signed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine

from backend.auth.first_admin import set_password
from backend.auth.service import add_user
from backend.database import write_session
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings
from frontend_gradio.app import mount
from tests.frontend_gradio.servers import free_port, serving

PASSWORD = "correct horse"
PAGE = {"Accept": "text/html"}


def _proxy(api: str, pages: str) -> FastAPI:
    """One origin: the API's paths to the API, the rest to the pages; it says who asked."""
    proxy = FastAPI(openapi_url=None)
    client = httpx.Client(trust_env=False, timeout=30)

    @proxy.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    def forward(request: Request, path: str, body: dict[str, Any] | None = None) -> Response:
        target = api if path.startswith("api/") else pages
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        headers["X-Forwarded-For"] = "192.0.2.7"
        answer = client.request(
            request.method, f"{target}/{path}?{request.url.query}", headers=headers, json=body
        )
        passed = [(k, v) for k, v in answer.headers.multi_items() if k in ("location", "set-cookie")]
        made = Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
        made.raw_headers.extend((name.encode(), value.encode()) for name, value in passed)
        return made

    return proxy


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    get_settings.cache_clear()
    upgrade_database(get_settings().resolved_database_url)
    yield create_app()
    get_settings.cache_clear()


@pytest.fixture
def engine(api: FastAPI) -> Engine:
    engine: Engine = api.state.engine
    return engine


@pytest.fixture
def visitor(api: FastAPI) -> Iterator[httpx.Client]:
    with ExitStack() as stack:
        api_origin = stack.enter_context(serving(api, free_port()))
        pages_app = mount(FastAPI(), api_origin, browser_api_base="/api/v1")
        pages = stack.enter_context(serving(pages_app, free_port()))
        origin = stack.enter_context(serving(_proxy(api_origin, pages), free_port()))
        yield stack.enter_context(httpx.Client(base_url=origin, trust_env=False, timeout=30))


def _call(visitor: httpx.Client, name: str, *data: Any) -> dict[str, Any]:
    """What a callback of the pages answers."""
    config = visitor.get("/ui/config").raise_for_status().json()
    index = next(item["id"] for item in config["dependencies"] if item["api_name"] == name)
    body = {"data": list(data), "fn_index": index, "session_hash": f"s{index}"}
    visitor.post("/ui/gradio_api/queue/join", json=body).raise_for_status()
    stream = visitor.get("/ui/gradio_api/queue/data", params={"session_hash": f"s{index}"}).text
    messages = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    done: dict[str, Any] = next(item for item in messages if item["msg"] == "process_completed")
    return done


def test_without_accounts_a_visitor_through_a_proxy_is_not_the_machines_own_person(
    visitor: httpx.Client,
) -> None:
    # The pages run on this machine, but the visitor does not.
    assert visitor.get("/ui/", headers=PAGE).headers["Location"] == "/sign-in?next=/ui/"
    assert visitor.get("/api/v1/runs").status_code == 401


def test_the_pages_act_as_whoever_is_signed_in(visitor: httpx.Client, engine: Engine) -> None:
    set_password(engine, PASSWORD)
    with write_session(engine) as session:
        add_user(session, "vic", "viewer", PASSWORD, "admin")
    assert visitor.get("/ui/", headers=PAGE).status_code == 303
    assert visitor.post("/ui/gradio_api/queue/join", json={"data": [], "fn_index": 0}).status_code == 401

    visitor.post("/api/v1/session", json={"name": "vic", "password": PASSWORD}).raise_for_status()
    assert visitor.get("/ui/", headers=PAGE).status_code == 200
    assert _call(visitor, "make_token", "mine", [], 30)["success"] is True
    fields = ("x", "folder", "/", "", True, "source", 9, "train", False, "auto")
    refused = _call(visitor, "register_dataset", *fields)
    assert "it needs the permission" in refused["output"]["error"]

    visitor.delete("/api/v1/session").raise_for_status()
    assert visitor.get("/ui/", headers=PAGE).status_code == 303
    visitor.post("/api/v1/session", json={"name": "admin", "password": PASSWORD}).raise_for_status()
    made = visitor.get("/api/v1/audit?action=token.create").json()["items"]
    assert [(event["person"], event["after"]["of"]) for event in made] == [("vic", "vic")]
