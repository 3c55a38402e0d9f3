"""Small pieces of HTML and text the other views are made of. Everything from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from hiast.contracts.class_spaces import Colour

UI = "/ui"

STATE_WORDS = {
    "waiting_for_review": "waiting for review",
    "labelling": "labelling",
    "reviewing": "in review",
}
_TONES = {
    "running": "busy", "canceling": "busy", "labelling": "busy", "training": "busy", "scanning": "busy",
    "revising": "busy",
    "evaluating": "busy", "queued": "idle", "waiting_for_review": "attention", "reviewing": "attention",
    "succeeded": "good", "finished": "good", "ready": "good", "accepted": "good",
    "failed": "bad", "rejected": "bad", "canceled": "idle", "skipped": "attention",
}  # fmt: skip


def text(value: object) -> str:
    """The value as HTML text, escaped (quotes too)."""
    return escape(str(value))


def link(url: str, words: str, css_class: str = "") -> str:
    """A link; `url` and `words` are escaped."""
    return f'<a href="{escape(url)}" class="{css_class}">{escape(words)}</a>'


def state_chip(state: str) -> str:
    """A state as a coloured dot and a word."""
    words = STATE_WORDS.get(state, state)
    return f'<span class="st-chip st-{_TONES.get(state, "idle")}"><i></i>{text(words)}</span>'


def swatch(colour: Colour) -> str:
    """A small square of a class colour."""
    return f'<i class="st-swatch" style="background:rgb{tuple(colour)}"></i>'


def percent(share: float | None, digits: int = 1) -> str:
    """0.1234 -> 12.3 %; None -> an en dash."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def progress_bar(done: int, total: int) -> str:
    """A bar filled to done/total."""
    share = 0.0 if total <= 0 else min(1.0, done / total)
    return f'<span class="st-bar"><i style="width:{100 * share:.1f}%"></i></span>'


def duration(seconds: float | None) -> str:
    """Seconds in the two largest units: 94 -> 1 min 34 s."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def when(moment: datetime | None) -> str:
    """A moment as <time>, in UTC; the browser's tooltip shows it in full."""
    if moment is None:
        return "–"
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (
        f'<time datetime="{utc.isoformat()}" title="{utc:%Y-%m-%d %H:%M:%S} UTC">{utc:%d %b %H:%M}</time>'
    )


def table(
    heads: Iterable[tuple[str, str]], rows: Iterable[str], *, table_id: str, css_class: str = ""
) -> str:
    """A table of ready-made <tr> rows; heads are (title, css class) pairs."""
    cells = "".join(f'<th class="{css}">{text(title)}</th>' for title, css in heads)
    body = "".join(rows)
    return (
        f'<div class="st-scroll"><table class="st-table {css_class}" id="{table_id}">'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def cells(*values: tuple[str, str]) -> str:
    """<td> cells of (ready-made HTML, css class) pairs."""
    return "".join(f'<td class="{css}">{html}</td>' for html, css in values)


def notice(words: str, tone: str = "idle") -> str:
    """A sentence in a box; `tone` is idle, bad or attention."""
    return f'<div class="st-notice st-{tone}" role="status">{text(words)}</div>'


def empty(title: str, next_step: str) -> str:
    """What an empty list says: what is missing and what to do next."""
    return f'<div class="st-empty"><b>{text(title)}</b><span>{text(next_step)}</span></div>'


def page_trouble(title: str, words: str) -> str:
    """Instead of a page: its title, if it has no other, and what went wrong."""
    heading = f'<div class="st-heading"><h1>{text(title)}</h1></div>' if title else ""
    return heading + notice(words, "bad")


def empty_page(title: str, missing: str, next_step: str) -> str:
    """Instead of a page that has nothing to show yet: its title, what is missing, what to do next."""
    return f'<div class="st-heading"><h1>{text(title)}</h1></div>{empty(missing, next_step)}'
