"""The pages as a process of their own (team set-up): python -m frontend_gradio. Exactly one process:
Gradio keeps its session state in memory."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from backend.auth.cross_site import RefuseCrossSite
from backend.auth.secret_in_address import RefuseSecretInAddress
from frontend_gradio.app import mount
from frontend_gradio.settings import UiSettings
from hiast import __version__


def create_app(settings: UiSettings) -> FastAPI:
    """The pages at /ui, and /healthz: this process answers, whatever the API does."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/healthz", lambda: {"version": __version__, "problems": []})
    mount(app, settings.api_url, browser_api_base=settings.resolved_browser_api_base)
    app.add_middleware(RefuseSecretInAddress)
    app.add_middleware(RefuseCrossSite, trusted_origins=settings.trusted_ui_origins)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts.split(","))
    return app


def main() -> None:
    """Serve /ui on STUDIO_UI_HOST:STUDIO_UI_PORT for the API at STUDIO_API_URL."""
    settings = UiSettings()
    uvicorn.run(create_app(settings), host=settings.ui_host, port=settings.ui_port, access_log=False)


if __name__ == "__main__":
    main()
