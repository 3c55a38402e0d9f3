"""Other settings tried on the Round page, and seen in Inspect."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.frontend_gradio.accessibility import violations
from tests.frontend_gradio.conftest import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
KEPT = re.compile(r"kept (\d+\.\d) % → (\d+\.\d) %")


def _open(page: Page, origin: str, address: str = "round=2") -> None:
    page.goto(f"{origin}/ui/round?{address}")
    expect(page.locator("#what-if")).to_be_visible()
    if not page.locator("#what-if-body").is_visible():
        page.locator("#what-if summary").click()
    expect(page.locator("#wi-summary")).to_have_text(KEPT)


def _kept(page: Page) -> float:
    found = KEPT.search(page.locator("#wi-summary").inner_text())
    assert found is not None
    return float(found[2])


def test_a_slider_changes_what_would_be_kept_of_all_images(page: Page, origin: str) -> None:
    _open(page, origin)
    expect(page.locator("#wi-plot .main-svg").first).to_be_visible()
    before = _kept(page)
    with page.expect_response(lambda response: response.url.endswith("/what-if")) as asked:
        page.locator("#wi-alpha").fill("0.1")
    told = asked.value.json()
    expect(page.locator("#wi-alpha-value")).to_have_text("0.1")
    expect(page.locator("#wi-summary")).to_contain_text(f"→ {100 * told['kept_share']:.1f} %")
    assert _kept(page) < before
    row = told["classes"][0]
    share = f"{100 * row['kept_pixels'] / row['predicted_pixels']:.1f} %"
    expect(page.locator("#wi-row-0 td").nth(4)).to_have_text(share)
    expect(page.locator("#wi-row-0 td").nth(2)).to_have_text(f"{row['threshold']:.3f}")
    page.locator("#wi-reset").click()
    expect(page.locator("#wi-summary")).to_contain_text(f"→ {before:.1f} %")


def test_the_address_holds_what_is_tried(page: Page, origin: str) -> None:
    _open(page, origin)
    page.locator("#wi-cap-0").fill("0.3")
    page.locator("#wi-cap-0").press("Tab")
    expect(page).to_have_url(re.compile("whatif="))
    asked = json.loads(parse_qs(urlsplit(page.url).query)["whatif"][0])
    assert asked == {"threshold_bounds": {"0": [0, 0.3]}}
    expect(page.locator("#wi-fields code")).to_have_text("selection.threshold_bounds={0: [0, 0.3]}")
    expect(page.locator("#wi-row-0 td").nth(2)).to_have_text("0.300")
    kept = _kept(page)
    page.reload()
    expect(page.locator("#wi-cap-0")).to_have_value("0.3")
    expect(page.locator("#wi-summary")).to_contain_text(f"→ {kept:.1f} %")
    expect(page.locator("#wi-row-0 td").nth(2)).to_have_text("0.300")


def test_what_does_not_fit_is_said_beside_the_settings(page: Page, origin: str) -> None:
    _open(page, origin)
    page.locator("#wi-floor-1").fill("0.9")
    page.locator("#wi-floor-1").press("Tab")
    expect(page.locator("#wi-row-1 td").nth(2)).not_to_have_text("0.000")
    page.locator("#wi-cap-1").fill("0.2")
    page.locator("#wi-cap-1").press("Tab")
    expect(page.locator("#wi-summary .st-error")).to_contain_text("floor 0.9 is above cap 0.2")


def test_an_image_is_shown_just_as_it_would_be(page: Page, origin: str) -> None:
    _open(page, origin)
    with page.expect_response(lambda response: response.url.endswith("/what-if")) as asked:
        page.locator("#wi-alpha").fill("0.2")
    told = asked.value.json()
    link = page.locator("#wi-images a").first
    expect(link).to_be_visible()
    page.wait_for_timeout(300)
    label_id = int(parse_qs(urlsplit(link.get_attribute("href") or "").query)["label"][0])
    link.click()
    expect(page.locator("#legend-0")).to_be_visible()
    share = page.evaluate(
        """async () => {
          const { keptIds, IGNORED } = await import("/ui-static/drawing/kept.js");
          const { label, legend } = window.STUDIO.inspect.picture;
          const kept = keptIds(label, legend.rule());
          return kept.reduce((sum, id) => sum + (id !== IGNORED), 0) / kept.length;
        }"""
    )
    assert share == pytest.approx(told["kept_shares"][told["label_ids"].index(label_id)], abs=1e-12)


def test_the_band_of_other_orders_surrounds_the_trail(page: Page, origin: str) -> None:
    _open(page, origin)
    page.locator("#wi-band").check()
    page.wait_for_function("document.querySelector('#wi-plot').data?.length === 4")
    page.locator("#wi-class").select_option("5")
    names = page.evaluate("document.querySelector('#wi-plot').data.map((series) => series.name)")
    assert names[1:] == ["10 other orders", "present labels", "what if"]
    page.locator("#wi-order").select_option("seed 2")
    expect(page).to_have_url(re.compile("seed"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_if_is_free_of_violations(page: Page, origin: str, theme: str) -> None:
    _open(page, origin, f"round=2&__theme={theme}")
    expect(page.locator("#wi-plot .main-svg").first).to_be_visible()
    assert violations(page) == []
