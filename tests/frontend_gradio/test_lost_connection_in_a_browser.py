"""Decisions made while the API does not answer: kept in the browser, sent later, and never twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_reviews import FakeDesk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
REVIEW = "**/labels/206/review"
FIELD = "#comment textarea, #comment input"
WAITING = "JSON.parse(localStorage.getItem('studio-decisions') ?? '[]').length"


@pytest.fixture
def desk(app: FastAPI) -> FakeDesk:
    found = app.state.desk
    assert isinstance(found, FakeDesk)
    return found


@pytest.fixture
def ann(browser: Browser, origin: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "person", "value": "ann", "url": origin}])
    yield context
    context.close()


def _open(context: BrowserContext, origin: str) -> Page:
    page = context.new_page()
    page.goto(f"{origin}/ui/inspect?label=206")
    expect(page.locator("#label-name")).to_have_text("dusk/0006")
    return page


def _decisions(desk: FakeDesk) -> list[tuple[str, str]]:
    return [(review.decision, review.comment) for review in desk.label(206, "ann").reviews]


def test_a_decision_waits_for_the_api_and_outlives_the_page(
    ann: BrowserContext, origin: str, desk: FakeDesk
) -> None:
    page = _open(ann, origin)
    ann.route(REVIEW, lambda route: route.abort())
    page.locator(FIELD).fill("rider lost")
    page.locator("#decide-accept").click()
    expect(page.locator("#message")).to_contain_text("“accept” on dusk/0006 is kept in this browser")
    page.locator("#decide-reject").click()
    expect(page.locator("#message")).to_contain_text("“reject” on dusk/0006 is kept")
    assert page.evaluate(WAITING) == 1
    page.close()
    ann.unroute(REVIEW)
    again = _open(ann, origin)
    expect(again.locator("#label-status")).to_have_attribute("data-status", "rejected")
    expect(again.locator("#label-206")).to_have_attribute("data-status", "rejected")
    assert _decisions(desk) == [("reject", "rider lost")]
    again.wait_for_function(f"{WAITING} === 0")
    expect(again.locator(FIELD)).to_have_value("")


def test_a_decision_whose_answer_was_lost_is_not_made_twice(
    ann: BrowserContext, origin: str, desk: FakeDesk
) -> None:
    page = _open(ann, origin)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    ann.route(REVIEW, lose)
    page.locator("#decide-reject").click()
    expect(page.locator("#message")).to_contain_text("is kept in this browser")
    assert _decisions(desk) == [("reject", "")]
    ann.unroute(REVIEW)
    page.wait_for_function(f"{WAITING} === 0")
    expect(page.locator("#label-status")).to_have_attribute("data-status", "rejected")
    assert _decisions(desk) == [("reject", "")]


def test_who_decided_meanwhile_is_told_and_the_comment_becomes_a_draft(
    ann: BrowserContext, origin: str, desk: FakeDesk
) -> None:
    page = _open(ann, origin)
    ann.route(REVIEW, lambda route: route.abort())
    page.locator(FIELD).fill("rider lost")
    page.locator("#decide-reject").click()
    expect(page.locator("#message")).to_contain_text("is kept in this browser")
    httpx.post(
        f"{origin}/api/v1/labels/206/review",
        json={"decision": "accept", "comment": "fine"},
        headers={"If-Match": f'"{desk.label(206, "bob").version}"'},
        cookies={"person": "bob"},
    ).raise_for_status()
    ann.unroute(REVIEW)
    page.wait_for_function(f"{WAITING} === 0")
    expect(page.locator("#message")).to_have_text(
        re.compile("“reject” on dusk/0006 was not taken: bob has decided meanwhile: accepted.*draft")
    )
    assert _decisions(desk) == [("accept", "fine")]
    assert desk.drafts[(206, "ann")] == "rider lost"


def test_a_veto_waits_as_well(ann: BrowserContext, origin: str, desk: FakeDesk) -> None:
    page = _open(ann, origin)
    ann.route("**/labels/206/vetoes", lambda route: route.abort())
    page.locator("#legend-0 .vw-veto").click()
    expect(page.locator("#message")).to_contain_text("“vetoes” on dusk/0006 is kept in this browser")
    ann.unroute("**/labels/206/vetoes")
    page.wait_for_function(f"{WAITING} === 0")
    assert desk.label(206, "ann").vetoed_classes == [0]
    expect(page.locator("#legend-0")).to_have_class(re.compile("vetoed"))


def test_somebody_else_in_the_same_browser_does_not_send_it(
    ann: BrowserContext, origin: str, desk: FakeDesk
) -> None:
    page = _open(ann, origin)
    ann.route(REVIEW, lambda route: route.abort())
    page.locator("#decide-reject").click()
    expect(page.locator("#message")).to_contain_text("is kept in this browser")
    page.close()
    ann.unroute(REVIEW)
    ann.add_cookies([{"name": "person", "value": "bob", "url": origin}])
    other = _open(ann, origin)
    other.wait_for_timeout(1500)
    assert other.evaluate(WAITING) == 1
    assert _decisions(desk) == []
