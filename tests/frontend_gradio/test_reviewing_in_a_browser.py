"""Several people review one round in Chromium: they are led apart, and nobody loses what he wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_reviews import FakeDesk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FIELD = "#comment textarea, #comment input"
# Chromium logs every refused request as an error; these are provoked.
REFUSED = ("status of 409", "status of 412", "net::ERR_FAILED")
PageOf = Callable[[str], Page]


@pytest.fixture
def desk(app: FastAPI) -> FakeDesk:
    found = app.state.desk
    assert isinstance(found, FakeDesk)
    return found


@pytest.fixture
def page_of(browser: Browser, origin: str) -> Iterator[PageOf]:
    """A page in a browser of the person named; fails the test on an error that no test provokes."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def _page(person: str) -> Page:
        contexts.append(browser.new_context())
        contexts[-1].add_cookies([{"name": "person", "value": person, "url": origin}])
        page = contexts[-1].new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: _note(faults, f"error: {error}", error.stack or ""))
        page.on(
            "console",
            lambda line: (
                _note(faults, line.text, line.location["url"])
                if line.type == "error" and not any(words in line.text for words in REFUSED)
                else None
            ),
        )
        return page

    yield _page
    for context in contexts:
        context.close()
    assert faults == []


def _note(faults: list[str], words: str, place: str) -> None:
    # Gradio's own scripts complain when a page is left while they load; ours and the API must not.
    if "/ui-static/" in place or "/api/v1/" in place:
        faults.append(words)


def _open(page: Page, origin: str, address: str, name: str) -> Page:
    page.goto(f"{origin}/ui/inspect?{address}")
    expect(page.locator("#label-name")).to_have_text(name)
    return page


def _decide_elsewhere(origin: str, label_id: int, decision: str = "reject") -> None:
    url = f"{origin}/api/v1/labels/{label_id}"
    with httpx.Client(cookies={"person": "bob"}) as bob:
        headers = {"If-Match": bob.get(url).headers["etag"]}
        bob.post(f"{url}/review", json={"decision": decision}, headers=headers).raise_for_status()


def test_two_people_are_led_to_different_labels(page_of: PageOf, origin: str) -> None:
    ann = _open(page_of("ann"), origin, "round=2", "dusk/0003")
    bob = _open(page_of("bob"), origin, "round=2", "dusk/0005")
    ann.keyboard.press("a")
    expect(ann.locator("#label-name")).to_have_text("dusk/0006")
    bob.keyboard.press("Shift+ArrowRight")
    expect(bob.locator("#label-name")).to_have_text("dusk/0007")
    # Bob has let 0005 go without a decision.
    ann.keyboard.press("Shift+ArrowRight")
    expect(ann.locator("#label-name")).to_have_text("dusk/0008")
    for number in range(9, 14):
        ann.keyboard.press("Shift+ArrowRight")
        expect(ann.locator("#label-name")).to_have_text(f"dusk/{number:04d}")
    ann.keyboard.press("Shift+ArrowRight")
    expect(ann.locator("#label-name")).to_have_text("dusk/0005")
    expect(ann.locator("#claim-note")).to_be_hidden()


def test_the_last_free_label_is_said_to_be_the_last(page_of: PageOf, origin: str, desk: FakeDesk) -> None:
    for label in desk.sorted_labels(2, "order"):
        if label.id != 203:
            desk.claim(label.id, "bob")
    ann = _open(page_of("ann"), origin, "round=2", "dusk/0003")
    ann.keyboard.press("Shift+ArrowRight")
    expect(ann.locator("#message")).to_contain_text("No unreviewed label is left that nobody else")
    ann.keyboard.press("a")
    expect(ann.locator("#message")).to_contain_text("dusk/0003: accepted. No unreviewed label is left")


def test_somebody_elses_claim_is_told_until_it_ends_and_forbids_nothing(
    page_of: PageOf, origin: str, desk: FakeDesk
) -> None:
    desk.claim(206, "bob")
    ann = page_of("ann")
    ann.clock.install()
    _open(ann, origin, "label=206", "dusk/0006")
    expect(ann.locator("#claim-note")).to_contain_text("bob is looking at this until")
    assert desk.claims[206].person == "bob"
    # Bob decides and leaves; within 45 seconds Ann sees it without having asked.
    _decide_elsewhere(origin, 206)
    ann.clock.fast_forward(46_000)
    expect(ann.locator("#claim-note")).to_be_hidden()
    expect(ann.locator("#label-status")).to_have_attribute("data-status", "rejected")
    expect(ann.locator("#label-206")).to_have_attribute("data-status", "rejected")
    expect(ann.locator("#message")).to_have_text("bob has decided meanwhile: rejected.")
    assert desk.claims[206].person == "ann"
    desk.claims.clear()
    desk.claim(206, "bob")
    ann.keyboard.press("a")
    expect(ann.locator("#label-206")).to_have_attribute("data-status", "accepted")


def test_a_claim_is_renewed_while_the_label_is_open_and_let_go_with_the_page(
    page_of: PageOf, origin: str, desk: FakeDesk
) -> None:
    ann = page_of("ann")
    ann.clock.install()
    _open(ann, origin, "label=206", "dusk/0006")
    ann.wait_for_function("window.STUDIO.inspect.claim.id === 206")
    ann.evaluate("window.STUDIO.inspect.claim.turn")
    first = desk.claims[206]
    with ann.expect_response("**/labels/206/claim"):
        ann.clock.fast_forward(46_000)
    assert desk.claims[206].expires_at > first.expires_at
    with ann.expect_response(lambda answer: answer.request.method == "DELETE"):
        ann.keyboard.press("ArrowRight")
    expect(ann.locator("#label-name")).to_have_text("dusk/0007")
    ann.evaluate("window.STUDIO.inspect.claim.turn")
    assert list(desk.claims) == [207]
    ann.goto(f"{origin}/ui/settings")
    expect(ann.locator("#api-address")).to_be_visible()
    assert desk.claims == {}


def test_labels_of_a_finished_round_are_not_claimed(page_of: PageOf, origin: str, desk: FakeDesk) -> None:
    ann = _open(page_of("ann"), origin, "label=103", "dusk/0003")
    ann.keyboard.press("Shift+ArrowRight")
    expect(ann.locator("#label-name")).to_have_text("dusk/0004")
    assert desk.claims == {}


def test_what_is_written_is_there_again_after_a_crash(page_of: PageOf, origin: str, desk: FakeDesk) -> None:
    ann = _open(page_of("ann"), origin, "label=206", "dusk/0006")
    ann.locator(FIELD).press_sequentially("rider lost")
    expect(ann.locator("#draft-note")).to_have_text("saved")
    assert desk.drafts == {(206, "ann"): "rider lost"}
    context = ann.context
    with ann.expect_event("crash"):
        context.new_cdp_session(ann).send("Page.navigate", {"url": "chrome://crash"})
    again = _open(context.new_page(), origin, "label=206", "dusk/0006")
    expect(again.locator(FIELD)).to_have_value("rider lost")
    expect(again.locator("#draft-note")).to_have_text("draft restored")
    again.locator("#decide-reject").click()
    expect(again.locator("#label-206")).to_have_attribute("data-status", "rejected")
    expect(again.locator(FIELD)).to_have_value("")
    assert desk.drafts == {}
    assert desk.label(206, "ann").reviews[-1].comment == "rider lost"


def test_a_draft_stays_with_its_label_and_survives_leaving_at_once(
    page_of: PageOf, origin: str, desk: FakeDesk
) -> None:
    ann = _open(page_of("ann"), origin, "label=206", "dusk/0006")
    ann.locator(FIELD).fill("first")
    ann.locator("#canvas-right").focus()
    ann.keyboard.press("ArrowRight")
    expect(ann.locator("#label-name")).to_have_text("dusk/0007")
    expect(ann.locator(FIELD)).to_have_value("")
    ann.locator(FIELD).fill("second")
    ann.goto(f"{origin}/ui/settings")
    expect(ann.locator("#api-address")).to_be_visible()
    assert desk.drafts == {(206, "ann"): "first", (207, "ann"): "second"}
    _open(ann, origin, "label=206", "dusk/0006")
    expect(ann.locator(FIELD)).to_have_value("first")


def test_a_save_that_fails_is_told_and_made_up_for(page_of: PageOf, origin: str, desk: FakeDesk) -> None:
    ann = _open(page_of("ann"), origin, "label=206", "dusk/0006")
    ann.route("**/labels/206/draft", lambda route: route.abort())
    ann.locator(FIELD).fill("rider lost")
    expect(ann.locator("#draft-note")).to_contain_text("not saved: The API does not answer.")
    ann.unroute("**/labels/206/draft")
    expect(ann.locator("#draft-note")).to_have_text("saved", timeout=15_000)
    assert desk.drafts == {(206, "ann"): "rider lost"}


def test_who_decides_second_sees_the_first_and_keeps_the_comment(
    page_of: PageOf, origin: str, desk: FakeDesk
) -> None:
    ann = _open(page_of("ann"), origin, "label=206", "dusk/0006")
    bob = _open(page_of("bob"), origin, "label=206", "dusk/0006")
    expect(bob.locator("#claim-note")).to_contain_text("ann is looking at this until")
    bob.locator(FIELD).fill("the rider is lost")
    ann.locator(FIELD).fill("fine")
    ann.locator("#decide-accept").click()
    expect(ann.locator("#label-206")).to_have_attribute("data-status", "accepted")
    with bob.expect_response(lambda answer: answer.status == 412):
        bob.locator("#decide-reject").click()
    expect(bob.locator("#message")).to_contain_text("has changed since you opened it.")
    expect(bob.locator("#message")).to_contain_text("Your comment is kept.")
    expect(bob.locator("#label-status")).to_have_attribute("data-status", "accepted")
    expect(bob.locator("#label-206")).to_have_attribute("data-status", "accepted")
    bob.evaluate("window.STUDIO.inspect.claim.turn")
    expect(bob.locator("#message")).to_contain_text("Your comment is kept.")
    expect(bob.locator("#review-list")).to_contain_text("accept ann")
    expect(bob.locator(FIELD)).to_have_value("the rider is lost")
    expect(bob.locator("#draft-note")).to_have_text("saved")
    assert desk.drafts == {(206, "bob"): "the rider is lost"}
    assert [review.reviewer for review in desk.label(206, "bob").reviews] == ["ann"]
    # Having seen it, he may still think otherwise.
    bob.locator("#decide-reject").click()
    expect(bob.locator("#label-206")).to_have_attribute("data-status", "rejected")
    assert [review.comment for review in desk.label(206, "bob").reviews] == ["fine", "the rider is lost"]


def test_an_approval_of_counts_that_have_changed_is_asked_again(
    page_of: PageOf, origin: str, desk: FakeDesk
) -> None:
    ann = _open(page_of("ann"), origin, "label=206", "dusk/0006")
    ann.locator("#approve-round").click()
    expect(ann.locator("#approval-summary")).to_contain_text("13 images; 1 rejected")
    _decide_elsewhere(origin, 207)
    ann.locator("#approve-confirm").click()
    expect(ann.locator("#approval-question")).to_contain_text("Somebody has decided meanwhile.")
    expect(ann.locator("#approval-summary")).to_contain_text("12 images; 2 rejected")
    assert desk.records.round(2).state == "reviewing"
    ann.locator("#approve-confirm").click()
    expect(ann.locator("#approve-round")).to_be_disabled()
    assert desk.records.round(2).state == "training"
