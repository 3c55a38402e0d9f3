"""The pages in Chromium, over the fake API: they draw, decide, and talk to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from tests.frontend_gradio.conftest import CHROMIUM, note_faults

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
PAGES = {
    "/": "#runs-table",
    "/?run=1": "#loss-plot .main-svg",
    "/round?round=2": "#class-table",
    "/inspect?label=203": "#legend-table",
    "/compare?left=103&right=203": "#compare-table",
    "/jobs?job=8": "#job-log",
    "/datasets?dataset=3": "#faulty-table",
    "/settings": "#api-address",
}


PROVOKED = re.compile("status of 412")
"""Chromium logs every refused request; the test of 412 provokes one."""


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """A page that fails the test on any console error or request to another origin."""
    faults: list[str] = []
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(20_000)
    note_faults(opened, origin, faults, PROVOKED)
    yield opened
    opened.close()
    assert faults == []


def test_every_page_draws_from_its_address(page: Page, origin: str) -> None:
    for path, drawn in PAGES.items():
        page.goto(f"{origin}/ui{path}")
        expect(page.locator(drawn).first).to_be_visible()


def test_names_are_shown_verbatim_and_never_evaluated(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/datasets")
    expect(page.locator("#dataset-3 a")).to_have_text("camvid ${1+1} {{dusk}} <b>")


def test_the_form_asks_for_what_a_kind_has_and_registers_it(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/datasets")
    expect(page.locator("#dataset-split-choice")).to_be_hidden()
    page.get_by_label("Cityscapes", exact=True).check()
    expect(page.locator("#dataset-split-choice")).to_be_visible()
    expect(page.locator("#dataset-nine-classes")).to_be_visible()
    expect(page.locator("#dataset-split")).to_be_hidden()
    expect(page.locator("#dataset-layout")).to_contain_text("leftImg8bit")
    page.get_by_label("Name").fill("cs")
    page.get_by_label("Directory").fill("/data/cs")
    page.locator("#register-dataset").click()
    expect(page.locator("#dataset-5")).to_contain_text("cityscapes")
    expect(page.locator("#dataset-5")).to_contain_text("train")


def test_before_the_first_run_every_page_says_what_comes_next(
    page: Page, origin: str, app: FastAPI
) -> None:
    app.state.records.runs.clear()
    for path, place in (("/", "#runs"), ("/inspect", "#nothing"), ("/compare", "#nothing")):
        page.goto(f"{origin}/ui{path}")
        expect(page.locator(place)).to_contain_text(re.compile("start", re.IGNORECASE))
    page.goto(f"{origin}/ui/round")
    expect(page.locator("#round-heading")).to_contain_text("Start a run")


def test_a_missing_run_is_told_on_the_page(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/?run=99")
    expect(page.locator("#run-heading")).to_contain_text("run 99 does not exist.")


def test_a_label_is_decided_with_keys_and_the_next_one_opens(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?round=2")
    # Labels 200 to 202 are decided already: review begins at the first one that is not.
    expect(page.locator("#label-name")).to_have_text("dusk/0003")
    page.keyboard.press("a")
    expect(page.locator("#label-203")).to_have_attribute("data-status", "accepted")
    # Label 204 is decided already: review goes on at the next one that is not.
    expect(page.locator("#label-name")).to_have_text("dusk/0005")
    expect(page).to_have_url(re.compile(r"label=205"))
    page.locator("#comment textarea, #comment input").fill("sky is <b>noise</b>")
    page.locator("#decide-reject").click()
    expect(page.locator("#label-205")).to_have_attribute("data-status", "rejected")
    expect(page.locator("#label-name")).to_have_text("dusk/0006")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#label-name")).to_have_text("dusk/0005")
    expect(page.locator("#label-status")).to_have_attribute("data-status", "rejected")
    expect(page.locator("#review-list q").first).to_have_text("sky is <b>noise</b>")
    page.keyboard.press("u")
    expect(page.locator("#label-status")).to_have_attribute("data-status", "unreviewed")


def test_a_decision_someone_else_made_first_is_shown_not_overwritten(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=206")
    expect(page.locator("#label-name")).to_have_text("dusk/0006")
    url = f"{origin}/api/v1/labels/206/review"
    httpx.post(url, json={"decision": "reject"}, headers={"If-Match": '"1"'}).raise_for_status()
    with page.expect_response(lambda answer: answer.status == 412):
        page.evaluate("window.STUDIO.inspect.decide('accept')")
    expect(page.locator("#message")).to_contain_text("has changed since you opened it")
    expect(page.locator("#label-status")).to_have_attribute("data-status", "rejected")


def test_layers_are_drawn_without_further_requests(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#legend-table")).to_be_visible()
    # The strip's thumbnails come after the picture, which does not wait for them.
    page.wait_for_function(
        "() => { const own = [...document.querySelectorAll('#strip [href*=\"label=203\"] img')];"
        " return own.length === 2 && own.every((image) => image.complete); }"
    )
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/labels/203" in request.url else None)
    drawings = set()
    for key in "1234567":
        page.keyboard.press(key)
        drawings.add(_pixels(page))
    page.locator("#legend-0 .vw-name").click()
    page.locator("#contour").click()
    drawings.add(_pixels(page))
    page.locator("#legend-0 .vw-name").click()
    page.locator("#contour").click()
    assert len(drawings) == 8
    assert sent == []
    # The ground truth is the data set's, so it is asked for when it is wanted.
    with page.expect_response("**/203/layers/ground-truth*"):
        page.keyboard.press("0")
    page.wait_for_timeout(300)
    drawings.add(_pixels(page))
    page.locator("#layer-error").click()
    drawings.add(_pixels(page))
    assert len(drawings) == 10


def test_space_shows_the_photo_while_it_is_held(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203&layer=prediction")
    expect(page.locator("#legend-table")).to_be_visible()
    layer = page.locator("#pane-right .vw-overlay")
    expect(layer).to_have_css("opacity", "0.6")
    page.keyboard.down(" ")
    expect(layer).to_have_css("opacity", "0")
    page.keyboard.up(" ")
    expect(layer).to_have_css("opacity", "0.6")


def test_hovering_tells_class_confidence_and_why(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#legend-table")).to_be_visible()
    page.locator("#canvas-right").hover()
    expect(page.locator("#readout")).to_contain_text(re.compile(r"p 0\.\d{4} [≥<] θ 0\.\d{4}"))
    expect(page.locator("#readout")).to_contain_text("truth")


def test_wheel_zooms_both_panes_and_escape_fits(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#legend-table")).to_be_visible()
    fit = page.locator("#zoom").inner_text()
    page.locator("#canvas-left").hover()
    page.mouse.wheel(0, -600)
    expect(page.locator("#zoom")).not_to_have_text(fit)
    page.keyboard.press("Escape")
    expect(page.locator("#zoom")).to_have_text(fit)


def test_the_list_follows_filter_and_sort(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#strip .vw-card")).to_have_count(14)
    page.locator("#status-filter input").click()
    page.get_by_role("option", name="Accepted").click()
    expect(page.locator("#strip .vw-card")).to_have_count(3)


def test_approving_says_what_will_be_trained_on(page: Page, origin: str, app: FastAPI) -> None:
    page.goto(f"{origin}/ui/inspect?label=203")
    expect(page.locator("#approve-round")).to_have_text("Approve round (13 of 14)")
    page.locator("#approve-round").click()
    expect(page.locator("#approval-summary")).to_contain_text("13 images; 1 rejected are excluded")
    page.locator("#approve-confirm").click()
    expect(page.locator("#approve-round")).to_be_disabled()
    assert app.state.records.round(2).state == "training"


def test_comparing_swaps_and_keeps_its_address(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/compare?left=103&right=203")
    expect(page.locator("#pane-left figcaption")).to_contain_text("round 1")
    page.keyboard.press("x")
    expect(page.locator("#pane-left figcaption")).to_contain_text("round 2")
    expect(page).to_have_url(re.compile(r"left=203&right=103"))
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"left=204&right=104"))


def test_a_run_is_started_from_the_form(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/")
    expect(page.locator("#recipe-note")).to_contain_text("3 minutes")
    page.locator("#run-name textarea, #run-name input").fill("mine")
    page.locator("#start-run").click()
    expect(page).to_have_url(re.compile(r"/ui/\?run=3"))
    expect(page.locator("#run-heading h1")).to_contain_text("mine")


def test_the_chosen_theme_stays(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/settings")
    expect(page.locator("#audit")).to_be_visible()
    page.get_by_role("radio", name="Dark").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.goto(f"{origin}/ui/jobs")
    expect(page.locator("#jobs-table")).to_be_visible()
    expect(page.locator("body")).to_have_class(re.compile("dark"))


def _pixels(page: Page) -> Any:
    """The right pane once two frames have passed, so that what was asked for is drawn."""
    frame = "new Promise((done) => requestAnimationFrame(done))"
    page.evaluate(f"(async () => {{ await {frame}; await {frame}; }})()")
    return page.evaluate("document.querySelector('#pane-right .vw-overlay').toDataURL()")
