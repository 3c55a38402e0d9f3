"""What axe-core finds on a page against WCAG 2.2 A and AA. It lies in axe/, version 4.14.1, unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_AXE: Final = Path(__file__).parent / "axe" / "axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours on their way to others would be measured half-way.
_RUN: Final = """async ([rules, excluded]) => {
  const still = document.createElement("style");
  still.textContent = "*, *::before, *::after { transition: none !important; animation: none !important; }";
  document.head.append(still);
  const found = await axe.run({ exclude: excluded }, { runOnly: rules, resultTypes: ["violations"] });
  still.remove();
  return found.violations;
}"""


def violations(page: Page, exclude: tuple[str, ...] = ()) -> list[str]:
    """A line for each element of the page, as it is now, that breaks a rule: which, where and why.

    `exclude`: CSS selectors of what is not looked at. Say at the call why that cannot be mended.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(_RUN, [_RULES, [[selector] for selector in exclude]])
    return [
        f"{rule['id']} ({rule['impact']}) at {node['target']}: {' '.join(node['failureSummary'].split())} "
        f"{node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]
