"""API and pages in one process: the embedded set-up. The only place that imports the service itself.

`uvicorn --factory frontend_gradio.embedded:create_app`
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import RedirectResponse

from backend.main import create_app as create_api
from frontend_gradio.app import mount
from frontend_gradio.settings import UiSettings


def create_app() -> FastAPI:
    """The API with the pages at /ui. Pages reach the API over HTTP, as they do from elsewhere."""
    app = create_api()
    app.add_api_route("/", lambda: RedirectResponse("/ui/"), include_in_schema=False)
    return mount(app, UiSettings().api_url)
