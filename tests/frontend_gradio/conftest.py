"""Chromium, and the pages over the stand-in for the REST API."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from frontend_gradio.app import mount
from tests.frontend_gradio.fake_api import create_fake_api
from tests.frontend_gradio.servers import free_port, serving

# A machine that does other work as well takes its time.
expect.set_options(timeout=15_000)
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def app() -> FastAPI:
    return create_fake_api()


@pytest.fixture
def origin(app: FastAPI) -> Iterator[str]:
    port = free_port()
    mount(app, f"http://127.0.0.1:{port}")
    with serving(app, port) as address:
        yield address


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:  # noqa: ARG001  (closed first)
    """A page of the smallest size the pages are made for."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


LEFT_BEHIND = ("AbortError", "Connection errored out")
"""What Gradio's own scripts say when a page is left while one of their requests is under way."""


def note_errors(page: Page, faults: list[str]) -> None:
    """Add every error of the page's scripts to `faults`, but not what `LEFT_BEHIND` names."""

    def _note(error: object) -> None:
        if not any(words in str(error) for words in LEFT_BEHIND):
            faults.append(str(error))

    page.on("pageerror", _note)


def note_faults(page: Page, origin: str, faults: list[str], provoked: re.Pattern[str]) -> None:
    """Add errors of scripts, error lines of the console that no test provokes, and foreign requests."""
    note_errors(page, faults)

    def _line(line: ConsoleMessage) -> None:
        told = provoked.search(line.text) or any(words in line.text for words in LEFT_BEHIND)
        if line.type == "error" and not told:
            faults.append(line.text)

    def _request(sent: Request) -> None:
        if not sent.url.startswith((origin, "data:", "blob:")):
            faults.append(f"request: {sent.url}")

    page.on("console", _line)
    page.on("request", _request)
