"""What is tried becomes the labels of the round, and is set against what they were."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from tests.frontend_gradio.accessibility import violations
from tests.frontend_gradio.conftest import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def _open(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/round?round=2")
    expect(page.locator("#what-if")).to_be_visible()
    page.locator("#what-if summary").click()
    expect(page.locator("#wi-summary")).to_contain_text("kept")


def _revise(page: Page) -> None:
    page.locator("#wi-alpha").fill("0.1")
    page.locator("#wi-comment").fill("less of everything")
    page.locator("#wi-apply").click()
    expect(page.locator("dialog")).to_contain_text("Revise the labels of round 2?")
    assert violations(page) == []
    page.locator("#answer-yes").click()


def test_what_is_tried_becomes_the_labels(page: Page, origin: str) -> None:
    _open(page, origin)
    expect(page.locator("#wi-apply")).to_be_disabled()
    expect(page.locator("#wi-revisions")).to_be_hidden()
    _revise(page)
    row = page.locator("#wi-revision-1")
    expect(row).to_contain_text("3 of 14")
    expect(row).to_contain_text("α 0.1")
    expect(row).to_contain_text("less of everything")
    expect(page.locator("#wi-apply")).to_be_disabled()
    expect(row).to_contain_text("present labels")
    # The panel begins with what the labels follow now.
    expect(page.locator("#wi-alpha-value")).to_have_text("0.1")
    expect(page.locator("#wi-apply")).to_be_disabled()
    expect(page.locator("#wi-apply-0")).to_be_enabled()
    assert violations(page) == []
    page.locator("#wi-alpha").fill("0.2")
    expect(page.locator("#wi-apply")).to_be_enabled()


def test_a_label_is_set_against_what_it_was(page: Page, origin: str) -> None:
    _open(page, origin)
    _revise(page)
    expect(page.locator("#wi-revision-1")).to_contain_text("present labels")
    page.goto(f"{origin}/ui/compare?left=203@0&right=203&layer=cause")
    expect(page.locator("#compare-table")).to_be_visible()
    expect(page.locator("#left-side option:checked")).to_have_text("round 2, as made")
    causes = page.evaluate("[...new Set(window.STUDIO.compare.maps.cause)].sort()")
    # One network, other thresholds: nothing else can have changed a pixel.
    assert causes == [0, 2]
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("left=204%400&right=204"))


def test_a_refusal_is_told_and_nothing_has_changed(page: Page, origin: str, app: FastAPI) -> None:
    app.state.revisions["refuse"] = True
    _open(page, origin)
    _revise(page)
    expect(page.locator("#wi-revisions")).to_contain_text("only a round in review can be revised")
    expect(page.locator("#wi-alpha-value")).to_have_text("0.1")
    expect(page.locator("#wi-comment")).to_have_value("less of everything")
