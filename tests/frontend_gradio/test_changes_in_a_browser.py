"""What became of every class since the round before, counted over all images."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.frontend_gradio.accessibility import violations
from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_changes import counts_of
from tests.frontend_gradio.fake_records import IMAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_changes_are_counted_when_somebody_asks(page: Page, origin: str, theme: str) -> None:
    page.goto(f"{origin}/ui/round?round=2&__theme={theme}")
    expect(page.locator("#count-changes")).to_have_text(f"Count over all {IMAGES} images")
    page.locator("#count-changes").click()
    expect(page.locator("#changes-body")).to_contain_text("running, 5 of 14")
    expect(page.locator("#count-changes")).to_be_disabled()
    expect(page.locator("#changes-summary")).to_contain_text(f"Over all {IMAGES} images")
    # The browser's own attribution, which Compare draws, is the job's.
    counts = counts_of(3)
    page.get_by_role("link", name="dusk/0003").first.click()
    expect(page.locator("#compare-table")).to_be_visible()
    causes = page.evaluate(
        "[1, 2, 3].map((cause) => window.STUDIO.compare.maps.cause.filter((one) => one === cause).length)"
    )
    assert causes == [counts.by_model.sum(), counts.by_threshold.sum(), counts.by_both.sum()]
    assert sum(causes) > 0
    page.go_back()
    expect(page.locator("#changes-table")).to_be_visible()
    assert violations(page) == []
