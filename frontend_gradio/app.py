"""The pages as one Gradio app, and how they are mounted into a FastAPI app."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

# Gradio reads these when it is imported: no page view may be reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
import plotly
from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from frontend_gradio import theme
from frontend_gradio.api_client import API_PATH, ApiClient
from frontend_gradio.pages import compare, datasets, inspect, jobs, round, runs, settings  # noqa: A004
from frontend_gradio.views.sign_in_page import sign_in_page
from frontend_gradio.visitor import SendSignedOutToSignIn, name_of_visitor

VIEWER_DIRECTORY = Path(__file__).parent / "viewer"
PLOTLY_DIRECTORY = Path(plotly.__file__).parent / "package_data"


class _RevalidatedFiles(StaticFiles):
    """Static files the browser asks about every time (304 when unchanged), so that an upgrade never
    mixes old and new modules."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_app(client: ApiClient) -> gr.Blocks:
    """All pages; each call of the API is made as the visitor."""
    blocks = gr.Blocks(title="HIAST Studio", analytics_enabled=False, fill_width=True)
    with blocks:
        runs.build(client, blocks)
    with blocks.route("Round", "/round", show_in_navbar=False):
        round.build(client, blocks)
    with blocks.route("Inspect", "/inspect", show_in_navbar=False):
        inspect.build(client)
    with blocks.route("Compare", "/compare", show_in_navbar=False):
        compare.build()
    with blocks.route("Jobs", "/jobs", show_in_navbar=False):
        jobs.build(client, blocks)
    with blocks.route("Data sets", "/datasets", show_in_navbar=False):
        datasets.build(client, blocks)
    with blocks.route("Settings", "/settings", show_in_navbar=False):
        settings.build(client, blocks)
    blocks.queue(default_concurrency_limit=20)
    return blocks


def mount(app: FastAPI, api_url: str, *, browser_api_base: str = API_PATH) -> FastAPI:
    """Mount the pages at /ui, their scripts at /ui-static, and the way in at /sign-in.

    `api_url`: the API's origin as this process reaches it.
    `browser_api_base`: where browsers find the API; the default is the origin that serves the pages.
    """
    app.mount(theme.PLOTLY_PATH, _RevalidatedFiles(directory=PLOTLY_DIRECTORY), name="plotly")
    app.mount(theme.STATIC_PATH, _RevalidatedFiles(directory=VIEWER_DIRECTORY), name="ui-static")
    app.add_api_route("/favicon.ico", favicon, include_in_schema=False)
    document = sign_in_page(theme.places(browser_api_base), theme.STATIC_PATH)

    def _sign_in() -> HTMLResponse:
        # In a frame of another site's page somebody could be made to sign in without seeing where.
        return HTMLResponse(document, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    app.add_api_route(theme.SIGN_IN_PATH, _sign_in, include_in_schema=False)
    app.add_middleware(SendSignedOutToSignIn, pages=theme.UI_PATH, sign_in=theme.SIGN_IN_PATH)
    client = ApiClient(api_url)
    with warnings.catch_warnings():
        # Gradio says that it disables server-side rendering, which is off anyway.
        warnings.filterwarnings("ignore", message="SSR mode is not supported")
        gr.mount_gradio_app(
            app,
            build_app(client),
            path=theme.UI_PATH,
            auth_dependency=name_of_visitor(client),
            theme=theme.build_theme(),
            head=theme.head(browser_api_base),
            run_history=False,
            footer_links=[],
            show_error=False,
            ssr_mode=False,
        )
    return app


def favicon() -> FileResponse:
    """The mark browsers ask for at the root of the origin."""
    return FileResponse(VIEWER_DIRECTORY / "favicon.svg", media_type="image/svg+xml")
