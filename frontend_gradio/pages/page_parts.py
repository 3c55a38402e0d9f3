"""Parts of every page: the bar on top, HTML that studio.css alone styles, plots, questions."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from frontend_gradio.views import header
from frontend_gradio.views.markup import text

# Leaving in the same breath would cut off the stream Gradio is still reading.
GO_TO = "(url) => { if (url) setTimeout(() => window.location.assign(url), 50); }"


def plain_html(value: str = "", **options: Any) -> gr.HTML:
    """gr.HTML without Gradio's text styles. `value` must be escaped already: it is not sanitised."""
    return gr.HTML(value, apply_default_css=False, **options)


def live_html(elem_id: str, *, module: str = "patch", **options: Any) -> gr.HTML:
    """HTML that changes while somebody looks at it: rows keep focus, selection and scrolling.

    `module`: the script in viewer/ that puts a new value in place.
    """
    return _driven(module, "", elem_id=elem_id, **options)


def plot(elem_id: str, title: str, nothing: str, **options: Any) -> gr.HTML:
    """A plot whose value is a figure as JSON, with a CSV of what is drawn. `nothing`: said without one."""
    card = (
        f'<figure class="st-plot" data-name="{text(elem_id)}"><figcaption><b>{text(title)}</b>'
        "<span>drag to zoom, double-click for all of it</span>"
        f'<button type="button" class="st-csv" aria-label="CSV of {text(title)}" hidden>CSV</button>'
        f'</figcaption><div class="st-plot-area"></div><p class="st-plot-none">{text(nothing)}</p></figure>'
    )
    return _driven("plots", card, elem_id=elem_id, **options)


def _driven(module: str, template: str, **options: Any) -> gr.HTML:
    script = f"import('/ui-static/{module}.js').then((module) => module.start(element, props, watch));"
    return plain_html(html_template=template, js_on_load=script, **options)


def question(words: str, consequence: str, yes: str) -> str:
    """JavaScript for an event whose first input, a hidden checkbox, learns whether the person is sure."""
    asked = ", ".join(map(json.dumps, (words, consequence, yes)))
    return (
        "async (_, ...rest) => {"
        " const { asks } = await import('/ui-static/question.js');"
        f" return [await asks({asked}), ...rest]; }}"
    )


def top_bar(active: str) -> None:
    """The bar with the links to all pages; Gradio's own navigation is hidden."""
    gr.Navbar(visible=False)
    plain_html(header.header(active), elem_classes="st-top")
