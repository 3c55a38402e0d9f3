"""What the pages pass on of a visitor, and where signed-out visitors are sent."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from frontend_gradio.app import mount
from frontend_gradio.theme import places
from frontend_gradio.visitor import SendSignedOutToSignIn, identity_of
from tests.frontend_gradio.servers import free_port, serving


def _request(client: tuple[str, int] | None, **headers: str) -> Request:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "client": client, "headers": sent})


@pytest.mark.parametrize(
    ("request_", "identity"),
    [
        (_request(("127.0.0.1", 1)), {}),
        (_request(("::1", 1)), {}),
        (_request(("127.0.0.1", 1), cookie="studio_session=a-_9"), {"Cookie": "studio_session=a-_9"}),
        # Only our own cookie, and only if it can be one.
        (_request(("127.0.0.1", 1), cookie="other=1; studio_session=a b"), {}),
        (_request(("127.0.0.1", 1), authorization="Bearer hs_x"), {}),
        (_request(("192.0.2.7", 1)), {"X-Forwarded-For": "192.0.2.7"}),
        # Through a proxy on this machine.
        (_request(("127.0.0.1", 1), x_forwarded_for="192.0.2.7"), {"X-Forwarded-For": "127.0.0.1"}),
        (_request(None), {"X-Forwarded-For": "unknown"}),
        (None, {"X-Forwarded-For": "unknown"}),
    ],
)
def test_only_the_machines_own_visitor_looks_like_it(
    request_: Request | None, identity: dict[str, str]
) -> None:
    assert identity_of(request_) == identity


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"error": "Not authenticated"}, 401)(scope, receive, send)


REFUSING = TestClient(SendSignedOutToSignIn(_refuse, "/ui", "/sign-in"), follow_redirects=False)


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/ui/", "/sign-in?next=/ui/"),
        ("/ui/inspect?label=3&panes=side", "/sign-in?next=/ui/inspect%3Flabel%3D3%26panes%3Dside"),
        ("/ui/?next=//evil.example", "/sign-in?next=/ui/%3Fnext%3D//evil.example"),
        ("/ui/%0d%0aSet-Cookie:x", "/sign-in?next=/ui/%0D%0ASet-Cookie%3Ax"),
    ],
)
def test_a_page_leads_to_the_sign_in_page_and_back(asked: str, location: str) -> None:
    answer = REFUSING.get(asked, headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["Location"]) == (303, location)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "accept"), [("/ui/config", "*/*"), ("/uix", "text/html"), ("/", "text/html")]
)
def test_what_is_no_page_stays_refused(path: str, accept: str) -> None:
    answer = REFUSING.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.json()) == (401, {"error": "Not authenticated"})


@pytest.fixture
def signed_out() -> Iterator[str]:
    """Pages whose API knows nobody, as processes of their own would find it."""
    api, pages = FastAPI(), FastAPI()

    @api.get("/api/v1/session")
    def session() -> JSONResponse:
        return JSONResponse({"detail": "nobody is signed in."}, 401)

    with serving(api, free_port()) as api_origin:
        mount(pages, api_origin, browser_api_base="/api/v1")
        with serving(pages, free_port()) as origin:
            yield origin


def test_signed_out_visitors_get_nothing_but_the_way_in(signed_out: str) -> None:
    with httpx.Client(base_url=signed_out, trust_env=False) as visitor:
        page = visitor.get("/ui/jobs?job=3", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/ui/jobs%3Fjob%3D3")
        for path in ("/ui/config", "/ui/gradio_api/info"):
            assert visitor.get(path).status_code == 401
        body = {"data": [], "fn_index": 0, "session_hash": "x"}
        assert visitor.post("/ui/gradio_api/queue/join", json=body).status_code == 401
        door = visitor.get("/sign-in")
        assert door.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert visitor.get("/ui-static/sign_in.js").status_code == 200


def test_an_api_that_does_not_answer_lets_nobody_in() -> None:
    pages = FastAPI()
    mount(pages, f"http://127.0.0.1:{free_port()}")
    with serving(pages, free_port()) as origin:
        answer = httpx.get(f"{origin}/ui/", headers={"Accept": "text/html"}, trust_env=False)
    assert answer.status_code == 503


def test_a_setting_cannot_close_the_script_tag() -> None:
    assert "</script><" not in places("</script><b>")[:-9]
