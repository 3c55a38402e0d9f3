"""Two people in two browsers review one round: the real API, its database and files, and the pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.database import open_engine
from backend.migrations import upgrade_database
from backend.settings import get_settings
from frontend_gradio.app import mount
from tests.backend.reviews.seeded_round import add_round, api_of_people, write_files
from tests.frontend_gradio.servers import free_port, serving

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FIELD = "#comment textarea, #comment input"


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.delenv("STUDIO_DATABASE_URL", raising=False)
    monkeypatch.delenv("STUDIO_ARTIFACTS_URL", raising=False)
    get_settings.cache_clear()
    database_url = get_settings().resolved_database_url
    upgrade_database(database_url)
    engine = open_engine(database_url)
    add_round(engine, tmp_path / "images")
    engine.dispose()
    write_files(tmp_path / "images", tmp_path / "artifacts")
    port = free_port()
    with serving(mount(api_of_people(), f"http://127.0.0.1:{port}"), port) as address:
        yield address
    get_settings.cache_clear()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def _open(browser: Browser, origin: str, person: str, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "person", "value": person, "url": origin}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{origin}/ui/inspect?{address}")
    return page


def test_one_decides_and_the_other_loses_no_word(origin: str, browser: Browser) -> None:
    ann = _open(browser, origin, "ann", "round=1")
    expect(ann.locator("#label-name")).to_have_text("i0")
    led = _open(browser, origin, "bob", "round=1")
    expect(led.locator("#label-name")).to_have_text("i1")
    bob = _open(browser, origin, "bob", "label=1")
    expect(bob.locator("#claim-note")).to_contain_text("ann is looking at this until")

    bob.locator(FIELD).fill("the car is a bus")
    expect(bob.locator("#draft-note")).to_have_text("saved")
    ann.locator(FIELD).fill("fine")
    ann.locator("#decide-accept").click()
    # Bob has the second one open, so Ann goes on to the third.
    expect(ann.locator("#label-name")).to_have_text("i2")

    with bob.expect_response(lambda answer: answer.status == 412):
        bob.locator("#decide-reject").click()
    expect(bob.locator("#message")).to_contain_text("was decided on meanwhile (now accepted, version 2)")
    expect(bob.locator("#review-list")).to_contain_text("fine")
    expect(bob.locator(FIELD)).to_have_value("the car is a bus")
    # Not even a crash takes it.
    bob.context.close()
    bob = _open(browser, origin, "bob", "label=1")
    expect(bob.locator(FIELD)).to_have_value("the car is a bus")
    bob.locator("#decide-reject").click()
    expect(bob.locator("#label-1")).to_have_attribute("data-status", "rejected")
    reviews = httpx.get(f"{origin}/api/v1/labels/1").json()["reviews"]
    assert [(review["reviewer"], review["decision"], review["comment"]) for review in reviews] == [
        ("ann", "accept", "fine"),
        ("bob", "reject", "the car is a bus"),
    ]

    # Ann approves what she saw before: she is asked again.
    ann.locator("#approve-round").click()
    expect(ann.locator("#approval-summary")).to_contain_text("7 images; 1 rejected")
    led.keyboard.press("r")
    expect(led.locator("#label-2")).to_have_attribute("data-status", "rejected")
    ann.locator("#approve-confirm").click()
    expect(ann.locator("#approval-question")).to_contain_text("Somebody has decided meanwhile.")
    expect(ann.locator("#approval-summary")).to_contain_text("6 images; 2 rejected")
    assert httpx.get(f"{origin}/api/v1/rounds/1").json()["state"] == "reviewing"
