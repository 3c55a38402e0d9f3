"""The bar on top of every page."""

from __future__ import annotations

from frontend_gradio.views.markup import UI

PAGES = (
    ("Runs", "/"),
    ("Round", "/round"),
    ("Inspect", "/inspect"),
    ("Compare", "/compare"),
    ("Jobs", "/jobs"),
    ("Data sets", "/datasets"),
    ("Settings", "/settings"),
)


def header(active: str) -> str:
    """Brand, links to all pages, who is signed in (account.js fills it in), theme switch."""
    links = "".join(
        f'<a href="{UI}{path}"{" aria-current=page" if name == active else ""}>{name}</a>'
        for name, path in PAGES
    )
    return (
        f'<header class="st-header"><a class="st-brand" href="{UI}/">{MARK}HIAST Studio</a>'
        f'<nav aria-label="Pages">{links}</nav>'
        '<span class="st-activity" id="activity"></span><span class="st-account" id="account"></span>'
        '<button class="st-icon" id="theme-toggle" title="Light or dark" aria-label="Light or dark">'
        f"{_HALF_MOON}</button></header>"
    )


# A label map in four pixels: three kept, one ignored.
MARK = (
    '<svg viewBox="0 0 16 16" aria-hidden="true"><rect width="7.2" height="7.2" rx="1.6" fill="#4682b4"/>'
    '<rect x="8.8" width="7.2" height="7.2" rx="1.6" fill="#6b8e23"/>'
    '<rect y="8.8" width="7.2" height="7.2" rx="1.6" fill="#804080"/>'
    '<rect x="9.4" y="9.4" width="6" height="6" rx="1.2" fill="none" stroke="currentColor" '
    'stroke-opacity=".55" stroke-width="1.2" stroke-dasharray="1.6 1.2"/></svg>'
)
_HALF_MOON = (
    '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.2" fill="none" '
    'stroke="currentColor" stroke-width="1.4"/><path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" '
    'fill="currentColor"/></svg>'
)
