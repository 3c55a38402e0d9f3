"""What axe-core finds on a page against WCAG 2.2 A and AA."""

from __future__ import annotations

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours on their way to others would be measured half-way.
_STILL: Final = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def violations(page: Page) -> list[str]:
    """A line for each element of the page, as it is now, that breaks a rule: which, where and why."""
    page.add_style_tag(content=_STILL)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": _RULES}}).response["violations"]
    return [
        f"{broken['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for broken in found
        for node in broken["nodes"]
    ]
