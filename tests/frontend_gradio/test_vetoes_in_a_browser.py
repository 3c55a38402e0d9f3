"""A person leaves classes out of labels in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    made = browser.new_page(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(20_000)
    made.goto(f"{origin}/ui/inspect?label=203&layer=kept")
    expect(made.locator("#legend-table")).to_be_visible()
    yield made
    made.close()


def test_the_worst_image_of_a_class_is_found_and_the_class_left_out_with_two_keys(
    page: Page, origin: str
) -> None:
    worst, second = httpx.get(f"{origin}/api/v1/rounds/2/classes/3/worst?limit=2").json()
    page.locator("#legend-3 [data-act=focus]").click()
    page.keyboard.press("w")
    expect(page.locator("#label-name")).to_have_text(worst["name"])
    expect(page.locator("#message")).to_contain_text("least sure here")
    page.keyboard.press("d")
    expect(page.locator("#message")).to_contain_text("is not trained on in this image")
    assert httpx.get(f"{origin}/api/v1/labels/{worst['id']}").json()["vetoed_classes"] == [3]
    page.keyboard.press("w")
    expect(page.locator("#label-name")).to_have_text(second["name"])


def test_a_class_is_vetoed_and_taken_back(page: Page, origin: str) -> None:
    page.locator("#legend-0").hover()
    page.locator("#legend-0 .vw-veto").click()
    expect(page.locator("#legend-0 .share")).to_have_text("0 %")
    expect(page.locator("#message")).to_have_text("road is not trained on in this image.")
    label = httpx.get(f"{origin}/api/v1/labels/203").json()
    assert (label["vetoed_classes"], label["version"]) == ([0], 2)
    page.locator("#legend-0 .vw-veto").click()
    expect(page.locator("#message")).to_have_text("road is trained on again.")
    page.locator("#legend-2 .vw-veto").click(modifiers=["Shift"])
    expect(page.locator("#message")).to_have_text("building is not trained on in this round.")
    expect(page.locator("#legend-2 .share")).to_have_text("0 %")
    assert httpx.get(f"{origin}/api/v1/rounds/2").json()["vetoed_classes"] == [2]
    assert httpx.get(f"{origin}/api/v1/labels/203").json()["vetoed_classes"] == []
