"""What other networks of the run say of an image, beside its labels."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from hiast.contracts.class_spaces import IGNORED
from hiast.selection import Codebook
from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_checkpoints import STUDENT_SEED
from tests.frontend_gradio.fake_scenes import label_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:  # noqa: ARG001  (closed first)
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


def test_a_student_is_asked_and_set_against_a_label(page: Page, origin: str, app: FastAPI) -> None:
    page.goto(f"{origin}/ui/compare?left=103&right=203&layer=difference")
    expect(page.locator("#compare-table")).to_be_visible()
    option = page.locator("#right-side option[value=student-1]")
    expect(option).to_have_text("student of round 1 (to be asked)")
    page.locator("#right-side").select_option("student-1")
    expect(page.locator("#message")).to_have_text(re.compile("student of round 1 is being asked"))
    expect(page).to_have_url(re.compile("right=student-1"))
    assert app.state.checkpoints["asked"] == {"first_image": "dusk/0003"}
    shown = page.evaluate("Array.from(window.STUDIO.compare.sides.right.kept)")
    student = label_of(STUDENT_SEED, 3)
    first = Codebook.named("log12").first_kept_code(np.array(label_of(1, 3).thresholds))
    kept = np.where(student.codes >= first[student.prediction], student.prediction, IGNORED)
    np.testing.assert_array_equal(shown, kept.ravel())
    expect(page.locator("#layer-cause")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#compare-summary h1")).to_have_text("dusk/0004")
    expect(page.locator("#right-side")).to_have_value("student-1")


def test_two_checkpoints_are_compared_and_the_address_shows_them_again(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/compare?left=student-1&right=truth&image=205")
    expect(page.locator("#compare-table")).to_be_visible()
    expect(page.locator("#compare-summary h1")).to_have_text("dusk/0005")
    expect(page).to_have_url(re.compile("image=205"))
    page.keyboard.press("x")
    expect(page.locator("#left-side")).to_have_value("truth")


def test_who_may_not_ask_is_told_and_keeps_what_is_shown(page: Page, origin: str, app: FastAPI) -> None:
    app.state.checkpoints["refuse"] = True
    page.goto(f"{origin}/ui/compare?left=103&right=203")
    expect(page.locator("#compare-table")).to_be_visible()
    page.locator("#right-side").select_option("student-1")
    expect(page.locator("#message")).to_have_text("Reviewers may not start jobs. Ask an operator.")
    expect(page.locator("#right-side")).to_have_value("203")
    expect(page).to_have_url(re.compile("right=203"))


def test_disagreement_of_teacher_and_student_is_drawn_as_it_is(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/inspect?label=203&layer=disagreement&against=student-1")
    expect(page.locator("#legend-0")).to_be_visible()
    # Round 2's labels are the teacher's of round 1: it has nothing else to say.
    names = page.locator("#against option").evaluate_all("(options) => options.map((one) => one.value)")
    assert names == ["1", "warm-up", "student-1"]
    expect(page.locator("#against")).to_have_value("student-1")
    page.wait_for_function("window.STUDIO.inspect.picture.disagreeing")
    drawn = np.array(page.evaluate("Array.from(window.STUDIO.inspect.picture.disagreeing)"))
    differs = label_of(2, 3).prediction.ravel() != label_of(STUDENT_SEED, 3).prediction.ravel()
    assert 0 < differs.sum() < differs.size
    np.testing.assert_array_equal(drawn != 0, differs)
    page.locator("#against").select_option("1")
    page.wait_for_function("window.STUDIO.inspect.picture.against?.words === 'round 1'")
