"""A person draws over labels in Chromium: what is drawn is saved, comes back, and is never lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.frontend_gradio.fake_corrections import FakeEasel
from tests.frontend_gradio.fake_scenes import VEGETATION, label_of

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


def test_what_is_drawn_as_predicted_is_the_prediction_where_it_was_drawn(
    context: BrowserContext, origin: str, easel: FakeEasel
) -> None:
    page = _open(context, origin)
    predicted = label_of(2, 3).prediction
    page.locator("#canvas-right").focus()
    page.keyboard.press("p")
    expect(page.locator("#correct-class option:checked")).to_have_text("as predicted")
    # Across several classes, in kept and ignored places.
    _stroke(page, (40, 40), (200, 100))
    expect(page.locator(STATE)).to_have_text("saved")
    ids = easel.ids(203)
    drawn = ids != 255
    assert len(np.unique(ids[drawn])) > 2
    assert (ids[drawn] == predicted[drawn]).all()
    page.locator("#undo").click()
    expect(page.locator("#correction-counts")).to_have_text("")
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.pictures[203][1] is None
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(STATE)).to_have_text("saved")
    assert (easel.ids(203) == ids).all()
    # The same stroke with a class covers the same pixels.
    page.locator("#correct-class").select_option("11")
    _stroke(page, (40, 40), (200, 100))
    expect(page.locator(STATE)).to_have_text("saved")
    assert ((easel.ids(203) == 11) == drawn).all()


def test_every_tool_draws_as_predicted(context: BrowserContext, origin: str, easel: FakeEasel) -> None:
    page = _open(context, origin)
    predicted = label_of(2, 3).prediction
    page.locator("#correct-class").select_option("as predicted")
    page.locator("input[value=polygon]").check(force=True)
    for corner in ((20, 20), (120, 20), (120, 90), (20, 90)):
        page.mouse.click(*_at(page, *corner))
    page.keyboard.press("Enter")
    page.locator("input[value=fill]").check(force=True)
    page.mouse.click(*_at(page, 130, 120))
    page.locator("input[value=superpixel]").check(force=True)
    expect(page.locator(STATE)).not_to_contain_text("superpixels")
    page.mouse.click(*_at(page, 220, 70))
    expect(page.locator(STATE)).to_have_text("saved")
    ids = easel.ids(203)
    assert (ids[22:88, 22:118] == predicted[22:88, 22:118]).all()
    assert ids[120, 130] == predicted[120, 130]
    assert ids[70, 220] == predicted[70, 220]
    assert (ids[ids != 255] == predicted[ids != 255]).all()
    # Another label, another prediction.
    page.keyboard.press("ArrowRight")
    expect(page.locator("#label-name")).to_have_text("dusk/0004")
    expect(page.locator("#correct-class option:checked")).to_have_text("as predicted")
    page.locator("input[value=brush]").check(force=True)
    _stroke(page, (40, 40), (200, 100))
    expect(page.locator(STATE)).to_have_text("saved")
    ids = easel.ids(204)
    assert (ids[ids != 255] == label_of(2, 4).prediction[ids != 255]).all()


def test_all_of_a_class_is_kept_in_one_step(context: BrowserContext, origin: str, easel: FakeEasel) -> None:
    page = _open(context, origin)
    label = label_of(2, 3)
    lacking = (label.prediction == VEGETATION) & (label.reason != 0)
    # A threshold moved in this view keeps nothing: the stored one says what is missing.
    page.locator(f"#legend-{VEGETATION} [data-act=adjust]").click()
    page.locator("#theta").fill("0")
    page.locator(f"#legend-{VEGETATION} [data-act=focus]").click()
    page.keyboard.press("k")
    expect(page.locator("#message")).to_contain_text(f"{lacking.sum():,} px of vegetation are kept now")
    expect(page.locator(STATE)).to_have_text("saved")
    assert (easel.ids(203) == np.where(lacking, VEGETATION, 255)).all()
    page.keyboard.press("k")
    expect(page.locator("#message")).to_have_text("Nothing of vegetation is left to keep here.")
    page.keyboard.press("Control+z")
    expect(page.locator(STATE)).to_have_text("saved")
    assert easel.pictures[203][1] is None
    # Beside the tools it is the class they draw.
    page.locator("#correct-class").select_option("as predicted")
    expect(page.locator("#keep-all")).to_be_disabled()
    page.locator("#correct-class").select_option(str(VEGETATION))
    page.get_by_role("button", name="Keep all of vegetation here").click()
    expect(page.locator(STATE)).to_have_text("saved")
    assert (easel.ids(203) == np.where(lacking, VEGETATION, 255)).all()


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
