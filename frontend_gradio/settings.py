"""Settings of the pages when they run as a process of their own (team set-up)."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class UiSettings(BaseSettings):
    """Read from STUDIO_* variables."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", env_ignore_empty=True, extra="ignore")

    api_url: str = "http://127.0.0.1:8000"
    """Origin of the API as this process reaches it."""
    browser_api_base: str | None = None
    """Base of the API as browsers reach it; default: `api_url` + /api/v1. Behind a proxy that serves
    pages and API from one origin: /api/v1."""
    ui_origins: str = ""
    """As for the API: origins, separated by ',', that may send changes besides the pages' own."""
    allowed_hosts: str = "127.0.0.1,localhost"
    """Host names the pages answer to; others are refused (DNS rebinding)."""
    ui_host: str = "127.0.0.1"
    ui_port: int = Field(default=8001, ge=1, le=65535)

    @property
    def trusted_ui_origins(self) -> frozenset[str]:
        """Origins other than its own whose pages may send changes."""
        return frozenset(origin.strip() for origin in self.ui_origins.split(",") if origin.strip())

    @property
    def resolved_browser_api_base(self) -> str:
        """The API base the browser uses."""
        return self.browser_api_base or f"{self.api_url.rstrip('/')}/api/v1"
