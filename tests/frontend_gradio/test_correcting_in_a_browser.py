"""A person draws over labels in Chromium: what is drawn is saved, comes back, and is never lost."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.frontend_gradio.fake_corrections import FakeEasel

pytestmark = pytest.mark.browser
STATE = "#correction-state"


@pytest.fixture
def easel(app: FastAPI) -> FakeEasel:
    found = app.state.easel
    assert isinstance(found, FakeEasel)
    return found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(20_000)
    yield made
    made.close()


def _open(context: BrowserContext, origin: str, label: int = 203) -> Page:
    page = context.new_page()
    page.goto(f"{origin}/ui/inspect?label={label}&layer=kept")
    expect(page.locator("#legend-table")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#correct-class")).to_be_visible()
    return page


def _at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the label lies on the screen."""
    box = page.locator("#canvas-right").bounding_box()
    assert box is not None
    place = page.evaluate(
        "([x, y, w, h]) => window.STUDIO.inspect.picture.viewport.toPane(x, y, w, h)",
        [x, y, box["width"], box["height"]],
    )
    return box["x"] + place["x"], box["y"] + place["y"]


def _stroke(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*_at(page, *start))
    page.mouse.down()
    page.mouse.move(*_at(page, *end), steps=6)
    page.mouse.up()


def test_a_stroke_is_saved_shown_and_there_again(
    context: BrowserContext, origin: str, easel: FakeEasel
) -> None:
    page = _open(context, origin)
    page.locator("#correct-class").select_option("11")
    _stroke(page, (60, 64), (120, 64))
    expect(page.locator(STATE)).to_have_text("saved")
    ids = easel.ids(203)
    assert set(np.unique(ids)) == {11, 255}
    assert (ids[64, 60:120] == 11).all()
    assert (ids[64, :40] == 255).all()
    expect(page.locator("#correction-who")).to_contain_text("Drawn by ada")
    page.mouse.move(*_at(page, 90, 64))
    expect(page.locator("#readout")).to_contain_text("kept: corrected to car")
    again = _open(context, origin)
    expect(again.locator("#correction-counts")).to_contain_text("px drawn")
    again.mouse.move(*_at(again, 90, 64))
    expect(again.locator("#readout")).to_contain_text("kept: corrected to car")


def test_undo_redo_and_clear(context: BrowserContext, origin: str, easel: FakeEasel) -> None:
    page = _open(context, origin)
    _stroke(page, (60, 64), (80, 64))
    counts = page.locator("#correction-counts")
    first = counts.inner_text()
    page.keyboard.down("Shift")
    _stroke(page, (60, 90), (80, 90))
    page.keyboard.up("Shift")
    expect(counts).not_to_have_text(first)
    expect(page.locator(STATE)).to_have_text("saved")
    assert (easel.ids(203)[90, 60:80] == 254).all()
    page.keyboard.press("Control+z")
    expect(counts).to_have_text(first)
    page.keyboard.press("Control+Shift+Z")
    expect(counts).not_to_have_text(first)
    page.locator("#clear-correction").click()
    expect(counts).to_have_text("")
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.pictures[203][1] is None
    # The version goes on from the deletion.
    _stroke(page, (60, 64), (80, 64))
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.ids(203)[64, 70] == 0


def test_a_fresh_page_goes_on_from_a_deleted_correction(
    context: BrowserContext, origin: str, easel: FakeEasel
) -> None:
    easel.pictures[203] = (4, None)
    page = _open(context, origin)
    _stroke(page, (60, 64), (80, 64))
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.pictures[203][0] == 5


def test_polygon_fill_and_superpixel(context: BrowserContext, origin: str, easel: FakeEasel) -> None:
    page = _open(context, origin)
    page.locator("#correct-class").select_option("5")
    page.locator("input[value=polygon]").check(force=True)
    for corner in ((20, 20), (60, 20), (60, 50), (20, 50)):
        page.mouse.click(*_at(page, *corner))
    page.keyboard.press("Enter")
    expect(page.locator(STATE)).to_have_text("saved")
    ids = easel.ids(203)
    assert (ids[22:48, 22:58] == 5).all()
    assert 1000 < (ids == 5).sum() < 1400
    page.locator("#correct-class").select_option("7")
    page.locator("input[value=fill]").check(force=True)
    page.mouse.click(*_at(page, 40, 35))
    expect(page.locator(STATE)).to_have_text("saved")
    expect(page.locator("#correction-counts")).not_to_have_text("")
    assert (easel.ids(203)[22:48, 22:58] == 7).all()
    page.locator("input[value=superpixel]").check(force=True)
    expect(page.locator(STATE)).not_to_contain_text("superpixels")
    page.locator("#correct-class").select_option("2")
    page.mouse.click(*_at(page, 200, 100))
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.ids(203)[100, 200] == 2
    assert 50 < (easel.ids(203) == 2).sum() < 5000


def test_what_the_api_does_not_take_is_kept_in_the_browser_and_sent_later(
    context: BrowserContext, origin: str, easel: FakeEasel
) -> None:
    page = _open(context, origin)
    context.route("**/correction", lambda route: route.abort())
    _stroke(page, (60, 64), (80, 64))
    expect(page.locator(STATE)).to_contain_text("not saved, kept in this browser")
    page.close()
    assert 203 not in easel.pictures
    context.unroute("**/correction")
    again = _open(context, origin)
    expect(again.locator(STATE)).to_have_text("saved")
    assert easel.ids(203)[64, 70] == 0


def test_unsent_work_is_of_one_person_and_one_label(
    context: BrowserContext, origin: str, app: FastAPI, easel: FakeEasel
) -> None:
    page = _open(context, origin)
    context.route("**/correction", lambda route: route.abort())
    _stroke(page, (60, 64), (80, 64))
    expect(page.locator(STATE)).to_contain_text("kept in this browser")
    page.close()
    context.unroute("**/correction")
    # The label was made again, or another studio answers at this address.
    records = app.state.records
    label = next(label for label in records.labels if label.id == 203)
    records.labels[records.labels.index(label)] = label.model_copy(update={"layers_digest": "203-2-other"})
    again = _open(context, origin)
    again.wait_for_timeout(1500)
    expect(again.locator("#correction-counts")).to_have_text("")
    assert 203 not in easel.pictures


def test_two_who_draw_over_one_label_both_keep_their_work(
    context: BrowserContext, origin: str, easel: FakeEasel
) -> None:
    page = _open(context, origin)
    _stroke(page, (60, 64), (80, 64))
    expect(page.locator(STATE)).to_have_text("saved")
    theirs = easel.pictures[203][1]
    easel.pictures[203] = (7, theirs)
    _stroke(page, (60, 90), (80, 90))
    expect(page.locator(STATE)).to_contain_text("Somebody else has drawn")
    assert easel.pictures[203] == (7, theirs)
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.pictures[203][0] == 8
    assert easel.ids(203)[90, 70] == 0
    easel.pictures[203] = (11, theirs)
    _stroke(page, (60, 30), (80, 30))
    page.get_by_role("button", name="Take theirs").click()
    expect(page.locator(STATE)).to_have_text("theirs")
    assert page.evaluate("window.STUDIO.inspect.toolbox.mask.ids[90 * 256 + 70]") == 255
    assert easel.pictures[203] == (11, theirs)


def test_leaving_at_once_saves(context: BrowserContext, origin: str, easel: FakeEasel) -> None:
    page = _open(context, origin)
    _stroke(page, (60, 64), (80, 64))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#label-name")).to_have_text("dusk/0004")
    page.wait_for_timeout(1500)
    assert easel.ids(203)[64, 70] == 0
    assert 204 not in easel.pictures


def test_the_worst_image_of_a_class_is_found_and_the_class_left_out_with_two_keys(
    context: BrowserContext, origin: str
) -> None:
    page = _open(context, origin)
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


def test_a_class_is_vetoed_and_taken_back(context: BrowserContext, origin: str) -> None:
    page = _open(context, origin)
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
