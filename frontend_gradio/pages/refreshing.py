"""How a page is drawn from its address, and drawn again while something changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import gradio as gr

from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound, only_changes
from frontend_gradio.pages.page_parts import plain_html

# While something runs; otherwise others may start something; after trouble.
BUSY_SECONDS, IDLE_SECONDS, TROUBLE_SECONDS = 3, 20, 5
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ADDRESS = "(_, shown) => [window.location.search, shown]"


class Query:
    """What the page's address asks for after the question mark."""

    def __init__(self, search: str) -> None:
        self._values = parse_qs(search.removeprefix("?"))

    def word(self, name: str) -> str | None:
        """The value, None when absent."""
        return self._values.get(name, [None])[0]

    def id(self, name: str) -> int | None:
        """A whole number, None when absent or something else."""
        value = self.word(name)
        return int(value) if value and value.isascii() and value.isdigit() else None


class Drawing(NamedTuple):
    """The values of a page's outputs, and whether they will soon be others."""

    values: list[Any]
    busy: bool


def build(
    client: ApiClient, blocks: gr.Blocks, draw: Callable[[ApiClient, Query], Drawing], outputs: list[Any]
) -> dict[str, Any]:
    """Draw `outputs` when the page opens and whenever viewer/refresh.js asks for it.

    Answers what an event of the page needs to be followed by a drawing: `event.then(**answer)`.
    """

    def redraw(client: ApiClient, search: str, shown: list[str]) -> list[Any]:
        try:
            values, busy = draw(client, Query(search))
        except ApiError as error:
            # The last fingerprint is that of the state: the next one differs from this, whatever it is.
            skipped = [gr.skip()] * len(outputs)
            return [*skipped, _state(TROUBLE_SECONDS, error.detail), [*shown[:-1], ""] if shown else []]
        return only_changes(shown, *values, _state(BUSY_SECONDS if busy else IDLE_SECONDS))

    search, shown = gr.Textbox(visible=False), gr.State([])
    button = gr.Button("Draw again", visible="hidden", elem_id="refresh")
    state = plain_html(
        elem_id="live",
        html_template='<p class="st-trouble" role="status" hidden></p>',
        js_on_load="import('/ui-static/refresh.js').then((module) => module.start(element, props, watch));",
    )
    refresh = {
        "fn": bound(redraw, client),
        "inputs": [search, shown],
        "outputs": [*outputs, state, shown],
        "js": _ADDRESS,
    } | QUIET
    blocks.load(**refresh)
    button.click(**refresh)
    return refresh


def _state(seconds: int, trouble: str = "") -> str:
    return json.dumps({"seconds": seconds, "trouble": trouble})
