"""axe-core on every page, light and dark: WCAG 2.2 AA without a violation."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = {
    "inspect?label=203": "#legend-0",
    "inspect?label=203&layer=region-weight&panes=stack": "#legend-0",
    "compare?left=103&right=203": "#compare-table",
    "?run=1": "#run-state",
    "round?round=2": "#threshold-plot .main-svg",
    "jobs": ".st-table",
    "datasets": ".st-table",
    "settings": "#api-address",
}


def violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 AA on the page as it is now: rule, element, why."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [
        f"{broken['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for broken in found
        for node in broken["nodes"]
    ]


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
        page.wait_for_timeout(700)
        broken += [f"{path}: {violation}" for violation in violations(page)]
    assert broken == []


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
