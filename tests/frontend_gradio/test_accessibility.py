"""axe-core on every page, light and dark: WCAG 2.2 AA without a violation."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend_gradio.accessibility import violations

pytestmark = pytest.mark.browser
PAGES = {
    "inspect?label=203": "#legend-0",
    "inspect?label=203&layer=region-weight&panes=stack": "#legend-0",
    "compare?left=103&right=203": "#compare-table",
    "": "#runs-table",
    "?run=1": "#loss-plot .main-svg",
    "?run=99": "#run-heading .st-notice",
    "round?round=2": "#flow-plot .main-svg",
    "jobs": "#jobs-table",
    "jobs?job=3": "#job-plot .main-svg",
    "jobs?job=8&state=failed": "#job-log",
    "datasets?dataset=3": "#faulty-table",
    "settings": "#audit",
}


@pytest.fixture(params=["light", "dark"])
def page_in(browser: Browser, request: pytest.FixtureRequest) -> tuple[Page, str]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    request.addfinalizer(page.close)
    return page, request.param


def test_every_page_is_free_of_violations(page_in: tuple[Page, str], origin: str) -> None:
    page, theme = page_in
    broken = []
    for path, drawn in PAGES.items():
        page.goto(f"{origin}/ui/{path}{'&' if '?' in path else '?'}__theme={theme}")
        expect(page.locator(drawn).first).to_be_visible()
        broken += [f"{path}: {violation}" for violation in violations(page)]
    assert broken == []


def test_what_the_check_looks_for_is_found(page_in: tuple[Page, str], origin: str) -> None:
    page, _ = page_in
    page.goto(f"{origin}/ui/settings")
    expect(page.locator("#audit")).to_be_visible()
    page.evaluate("document.querySelector('#audit').append(document.createElement('button'))")
    assert [line.partition(":")[0] for line in violations(page)] == ["button-name"]


def test_open_tools_sliders_and_help_are_free_of_violations(page_in: tuple[Page, str], origin: str) -> None:
    page, theme = page_in
    page.goto(f"{origin}/ui/inspect?label=203&__theme={theme}")
    expect(page.locator("#legend-0")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#correct-class")).to_be_visible()
    page.locator("#legend-0 [data-act=adjust]").click()
    page.locator("#theta").fill("3000")
    assert violations(page) == []
    page.locator("#canvas-right").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert violations(page) == []


def test_inspect_is_worked_without_a_mouse(page_in: tuple[Page, str], origin: str) -> None:
    page, _ = page_in
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#legend-0")).to_be_visible()
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.act || ''"))
    order = ["layer-image", "opacity", "canvas-right", "decide-accept", "focus", "adjust"]
    places = [seen.index(name) for name in order]
    assert places == sorted(places), seen
