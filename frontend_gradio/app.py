"""The pages as one Gradio app, and how they are mounted into a FastAPI app."""

from __future__ import annotations

import os
from pathlib import Path

# Gradio reads these when it is imported: no page view may be reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from starlette.responses import Response  # noqa: E402
from starlette.staticfiles import StaticFiles  # noqa: E402
from starlette.types import Scope  # noqa: E402

from frontend_gradio import theme  # noqa: E402
from frontend_gradio.api_client import API_PATH, ApiClient  # noqa: E402
from frontend_gradio.pages import compare, datasets, inspect, jobs, round, runs, settings  # noqa: A004, E402

VIEWER_DIRECTORY = Path(__file__).parent / "viewer"


class _RevalidatedFiles(StaticFiles):
    """Static files the browser asks about every time (304 when unchanged), so that an upgrade never
    mixes old and new modules."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_app(api_url: str) -> gr.Blocks:
    """All pages; `api_url` is the API's origin as this process reaches it."""
    client = ApiClient(api_url)
    blocks = gr.Blocks(title="HIAST Studio", analytics_enabled=False, fill_width=True)
    with blocks:
        gr.Navbar(visible=False)
        runs.build(client, blocks)
    with blocks.route("Round", "/round"):
        gr.Navbar(visible=False)
        round.build(client, blocks)
    with blocks.route("Inspect", "/inspect"):
        gr.Navbar(visible=False)
        inspect.build(client)
    with blocks.route("Compare", "/compare"):
        gr.Navbar(visible=False)
        compare.build()
    with blocks.route("Jobs", "/jobs"):
        gr.Navbar(visible=False)
        jobs.build(client, blocks)
    with blocks.route("Data sets", "/datasets"):
        gr.Navbar(visible=False)
        datasets.build(client, blocks)
    with blocks.route("Settings", "/settings"):
        gr.Navbar(visible=False)
        settings.build(client, blocks)
    blocks.queue(default_concurrency_limit=20)
    return blocks


def mount(app: FastAPI, api_url: str, *, browser_api_base: str = API_PATH) -> FastAPI:
    """Mount the pages at /ui and their scripts at /ui-static.

    `browser_api_base`: where browsers find the API; the default is the origin that serves the pages.
    """
    app.mount(theme.STATIC_PATH, _RevalidatedFiles(directory=VIEWER_DIRECTORY), name="ui-static")
    return gr.mount_gradio_app(
        app,
        build_app(api_url),
        path=theme.UI_PATH,
        theme=theme.build_theme(),
        head=theme.head(browser_api_base),
        run_history=False,
        footer_links=[],
        show_error=False,
        ssr_mode=False,
    )
