"""Labels exported from the Round page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.frontend_gradio.accessibility import violations
from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_exports import ZIP

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_are_exported_downloaded_and_deleted(page: Page, origin: str, theme: str) -> None:
    page.goto(f"{origin}/ui/round?round=2&__theme={theme}")
    page.locator("#exports summary").click()
    expect(page.locator("#export-list")).to_be_hidden()
    page.locator("#export-format").select_option("cityscapes")
    page.locator("#export-labels").click()
    expect(page.locator("#export-error")).to_contain_text("is not that of Cityscapes")
    page.locator("#export-format").select_option("coco")
    page.locator("#export-labels").click()
    row = page.locator("#export-1")
    expect(row).to_contain_text("running, 4 of 14")
    expect(page.locator("#export-error")).to_be_hidden()
    expect(row).to_contain_text("category id = class id + 1")
    expect(row.get_by_role("link", name="Download")).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "export-1.zip"
    assert download.value.path().read_bytes() == ZIP
    row.get_by_role("button", name="Delete export 1").click()
    page.locator("#answer-yes").click()
    expect(row).to_have_count(0)
