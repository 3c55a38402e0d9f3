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


def main() -> None:
    """Serve /ui on STUDIO_UI_HOST:STUDIO_UI_PORT for the API at STUDIO_API_URL."""
    settings = UiSettings()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    mount(app, settings.api_url, browser_api_base=settings.resolved_browser_api_base)
    app.add_middleware(RefuseSecretInAddress)
    app.add_middleware(RefuseCrossSite, trusted_origins=settings.trusted_ui_origins)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts.split(","))
    uvicorn.run(app, host=settings.ui_host, port=settings.ui_port)


if __name__ == "__main__":
    main()
