"""The viewer in Chromium: moved thresholds, classes, palettes, arrangements, keys, and links to it all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend_gradio.conftest import note_errors

pytestmark = pytest.mark.browser
FRAMES = "(async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); })()"
KEPT = """() => {
  const { picture } = window.STUDIO.inspect, { label } = picture, rule = picture.legend.rule();
  return label.prediction.reduce((sum, id, i) => sum + (id === 0 && label.reason[i] < 2
    && label.codes[i] >= rule.first[0] && !rule.vetoed[0]), 0);
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    faults: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(20_000)
    note_errors(opened, faults)
    yield opened
    opened.close()
    assert faults == []


def _inspect(page: Page, origin: str, query: str = "label=203") -> None:
    page.goto(f"{origin}/ui/inspect?{query}")
    expect(page.locator("#legend-table")).to_be_visible()


def _shown(page: Page, side: str = "right") -> Any:
    page.evaluate(FRAMES)
    return page.evaluate(f"document.querySelector('#pane-{side} .vw-overlay').toDataURL()")


def test_a_dragged_threshold_changes_the_label_at_once_and_can_be_put_back(page: Page, origin: str) -> None:
    _inspect(page, origin)
    before, stored = _shown(page), page.locator("#legend-0 .share").inner_text()
    page.locator("#legend-0 [data-act=adjust]").click()
    page.locator("#theta").fill("3200")
    expect(page.locator("#legend-0 .share")).not_to_have_text(stored)
    share = page.evaluate(KEPT) / page.evaluate("window.STUDIO.inspect.label.predicted_pixels[0]")
    expect(page.locator("#legend-0 .share")).to_have_text(f"{100 * share:.0f} %")
    assert _shown(page) != before
    expect(page.locator("#restore-thresholds")).to_contain_text("θ moved in 1 of 12 classes")
    expect(page).to_have_url(re.compile(r"theta=0%3A3200"))
    page.locator("#restore-thresholds").click()
    assert _shown(page) == before
    expect(page.locator("#legend-0 .share")).to_have_text(stored)
    expect(page).not_to_have_url(re.compile("theta="))


def test_nothing_is_kept_above_every_code(page: Page, origin: str) -> None:
    _inspect(page, origin)
    page.locator("#legend-0 [data-act=adjust]").click()
    page.locator("#theta").fill("4096")
    expect(page.locator("#legend-0 .share")).to_have_text("0 %")
    expect(page.locator("#legend-0 [data-act=adjust]")).to_have_text("> all")
    page.keyboard.press(",")
    expect(page.locator("#legend-0 [data-act=adjust]")).to_have_text("1.000")


def test_the_address_holds_the_whole_view(page: Page, origin: str) -> None:
    _inspect(page, origin, "label=203&layer=reason")
    page.locator("#legend-3 input").uncheck()
    page.locator("#legend-5 [data-act=focus]").click()
    page.locator("#palette").select_option("colour-blind")
    page.locator("#opacity").fill("85")
    page.locator("#layout-stack").click()
    page.keyboard.press("c")
    page.keyboard.press("2")
    page.locator("#legend-1 [data-act=adjust]").click()
    page.locator("#theta").fill("1500")
    page.locator("#canvas-right").hover(position={"x": 200, "y": 120})
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(500)
    shown, address = _shown(page), page.url
    # Another person, who has chosen nothing.
    other = page.context.browser.new_context(viewport={"width": 1280, "height": 800})  # type: ignore[union-attr]
    copy = other.new_page()
    copy.goto(address)
    expect(copy.locator("#legend-table")).to_be_visible()
    expect(copy.locator("#legend-3 input")).not_to_be_checked()
    expect(copy.locator("#opacity-value")).to_have_text("85 %")
    expect(copy.locator("#palette")).to_have_value("colour-blind")
    expect(copy.locator("#legend-5")).to_have_class(re.compile("focus"))
    expect(copy.locator("#layer-prediction")).to_have_attribute("aria-pressed", "true")
    expect(copy.locator("#zoom")).to_have_text(page.locator("#zoom").inner_text())
    assert _shown(copy) == shown
    other.close()


def test_disagreement_is_with_a_round_of_ones_choice(page: Page, origin: str) -> None:
    _inspect(page, origin)
    expect(page.locator("#against")).to_be_hidden()
    with page.expect_response("**/labels/103/pixels*"):
        page.keyboard.press("9")
    expect(page.locator("#against")).to_have_value("1")
    page.locator("#canvas-right").hover()
    expect(page.locator("#readout")).to_contain_text("round 1")
    expect(page.locator("#scale")).to_contain_text("another class predicted")


def test_what_training_pastes_is_shown_with_its_donor(page: Page, origin: str) -> None:
    _inspect(page, origin)
    page.keyboard.press("8")
    expect(page.locator("#use")).to_contain_text("iteration 4: rider from dusk/0001")
    pasted = page.wait_for_function("window.STUDIO.inspect.picture.pasted")
    counted = page.evaluate(
        "([pasted]) => { const at = pasted.ids.findIndex((id) => id !== 255);"
        " return [at % 256, Math.floor(at / 256), pasted.ids[at]]; }",
        [pasted],
    )
    x, y, pasted_class = counted
    assert pasted_class in page.evaluate("window.STUDIO.inspect.picture.plan.hard_classes")
    box = page.locator("#canvas-right").bounding_box()
    assert box is not None
    place = page.evaluate(
        "([x, y, w, h]) => window.STUDIO.inspect.picture.viewport.toPane(x, y, w, h)",
        [x + 0.5, y + 0.5, box["width"], box["height"]],
    )
    page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    expect(page.locator("#readout")).to_contain_text("pasted from dusk/0001")
    page.locator("#use").select_option(index=1)
    expect(page.locator("#use")).to_have_value("1")
    page.wait_for_function("window.STUDIO.inspect.picture.pasted")


def test_keys_can_be_chosen_and_are_not_taken_twice(page: Page, origin: str) -> None:
    _inspect(page, origin)
    page.keyboard.press("?")
    page.get_by_label("key for: contours").click()
    page.keyboard.press("r")
    expect(page.locator("#key-note")).to_have_text("R is taken: reject the label.")
    page.get_by_label("key for: contours").click()
    page.keyboard.press("j")
    expect(page.get_by_label("key for: contours")).to_have_text("J")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#contour")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("j")
    expect(page.locator("#contour")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("#legend-table")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#contour")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("?")
    page.get_by_role("button", name="Restore defaults").click()
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#contour")).to_have_attribute("aria-pressed", "false")


def test_compare_swipes_flickers_and_attributes(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/compare?left=103&right=203&layer=cause")
    expect(page.locator("#compare-table")).to_be_visible()
    causes = page.locator("#compare-causes").inner_text()
    assert re.search(r"model \d+\.\d %.*thresholds \d+\.\d %", causes, re.DOTALL)
    page.locator("#layout-swipe").click()
    page.locator("#swipe").fill("250")
    expect(page.locator("#pane-right")).to_have_css("clip-path", "inset(0px 0px 0px 25%)")
    expect(page).to_have_url(re.compile("swipe=250"))
    page.locator("#layout-flicker").click()
    expect(page.locator("#pane-right")).to_have_css("visibility", "hidden")
    page.keyboard.down("b")
    expect(page.locator("#pane-right")).to_have_css("visibility", "visible")
    page.keyboard.up("b")
    expect(page.locator("#pane-right")).to_have_css("visibility", "hidden")


def test_compare_shows_a_label_as_people_decided_it(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/compare?left=103&right=203")
    expect(page.locator("#compare-table")).to_be_visible()
    expect(page.locator("#right-side option[value='203+corrected']")).to_have_count(0)
    httpx.put(f"{origin}/api/v1/rounds/2/vetoes", json={"classes": [0]}).raise_for_status()
    page.goto(f"{origin}/ui/compare?left=203&right=203%2Bcorrected")
    expect(page.locator("#right-side option:checked")).to_have_text("round 2, as decided")
    left, right, both = (
        page.evaluate(f"window.STUDIO.compare.sides.{side}.kept.filter((id) => id === {class_id}).length")
        for side, class_id in (("left", 0), ("right", 0), ("right", 1))
    )
    assert left > 0
    assert right == 0
    assert both > 0


def test_two_fingers_zoom_and_one_moves_the_picture(browser: Browser, origin: str) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    _inspect(page, origin)
    box = page.locator("#canvas-right").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *offsets: float) -> None:
        points = [{"x": middle[0] + offset, "y": middle[1], "id": n} for n, offset in enumerate(offsets)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    scale = "window.STUDIO.inspect.picture.viewport.scaleIn(...window.STUDIO.inspect.picture.right.size())"
    before = page.evaluate(scale)
    fingers("touchStart", -20, 20)
    for apart in (30, 40, 60):
        fingers("touchMove", -apart, apart)
    fingers("touchEnd")
    page.wait_for_function(f"{scale} > {before} * 2")
    at = page.evaluate("({ ...window.STUDIO.inspect.picture.viewport })")
    fingers("touchStart", 0)
    for moved in (20, 40):
        fingers("touchMove", moved)
    fingers("touchEnd")
    assert page.evaluate("({ ...window.STUDIO.inspect.picture.viewport })") != at
    context.close()


def test_compare_sets_a_label_against_the_ground_truth(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/compare?left=203&right=truth&layer=difference")
    expect(page.locator("#compare-table")).to_be_visible()
    expect(page.locator("#right-side")).to_have_value("truth")
    expect(page.locator("#layer-cause")).to_be_disabled()
    flipped = float(page.locator("#compare-flipped b").inner_text().removesuffix(" %"))
    wrong = page.evaluate(
        "(({ left, right }) => left.kept.reduce((sum, id, i) => sum + (id !== 255 && right.kept[i] !== 255"
        " && id !== right.kept[i]), 0) / left.kept.length)(window.STUDIO.compare.sides)"
    )
    assert flipped == pytest.approx(100 * wrong, abs=0.06)
    page.keyboard.press("x")
    expect(page.locator("#left-side")).to_have_value("truth")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#compare-summary h1")).to_have_text("dusk/0004")
    expect(page.locator("#right-side")).to_have_value("204")
