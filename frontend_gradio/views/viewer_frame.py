"""The fixed HTML that viewer/*.js fills: toolbars, panes, the help dialog."""

from __future__ import annotations

from frontend_gradio.views.markup import text
from frontend_gradio.views.settings_text import keys_table

LAYERS = (
    ("image", "Photo"),
    ("prediction", "Prediction"),
    ("kept", "Kept"),
    ("confidence", "Confidence"),
    ("reason", "Reason"),
    ("hard-class", "Hard classes"),
    ("region-weight", "Region weight"),
    ("ground-truth", "Ground truth"),
)
_COMPARE_LAYERS = (
    ("image", "Photo"),
    ("prediction", "Prediction"),
    ("kept", "Kept"),
    ("confidence", "Confidence"),
    ("reason", "Reason"),
    ("difference", "Difference"),
)
_PANE_LAYOUTS = (("side", "Side by side"), ("stack", "Stacked"), ("single", "One pane"))


def start(module: str) -> str:
    """JavaScript that loads a module of viewer/ and hands it the component's element."""
    return f"import('/ui-static/{module}.js').then((module) => module.start(element));"


def inspect_frame() -> str:
    """Toolbar and two panes: photo left, overlay right."""
    terms = "".join(
        f'<option value="{term}">{term}</option>'
        for term in ("all", "seg", "kld", "entropy", "consistency")
    )
    term = (
        f'<select id="term" title="Loss term: its weight per pixel of each region" hidden>{terms}</select>'
    )
    tools = _segments("layouts", _PANE_LAYOUTS, "layout")
    return (
        f'<div class="vw" id="inspect">{_toolbar(LAYERS, tools)}'
        f'<div class="vw-panes side" id="panes">{_pane("left", "Photo")}{_pane("right", "")}'
        f"{_NOTHING}</div>"
        f"{_foot(term)}{_help()}</div>"
    )


def compare_frame() -> str:
    """Toolbar with the two rounds and two panes."""
    tools = (
        '<select id="left-round" title="Round on the left" aria-label="Round on the left"></select>'
        '<button id="swap" title="Swap left and right (X)">⇄</button>'
        '<select id="right-round" title="Round on the right" aria-label="Round on the right"></select>'
    )
    return (
        f'<div class="vw" id="compare">{_toolbar(_COMPARE_LAYERS, tools)}'
        f'<div class="vw-panes side" id="panes">{_pane("left", "")}{_pane("right", "")}'
        f"{_NOTHING}</div>"
        f"{_foot('')}{_help()}</div>"
    )


def label_grid() -> str:
    """Where the labels of a round are listed."""
    return '<div class="st-heading small"><h2>Labels</h2></div><div class="vw-grid" id="label-grid"></div>'


def _segments(
    element_id: str, choices: tuple[tuple[str, str], ...], name: str, *, keys: bool = False
) -> str:
    buttons = "".join(
        f'<button id="{name}-{value}" data-{name}="{value}" aria-pressed="false" title="{text(words)}'
        f'{f" ({place})" if keys else ""}">{text(words) if keys else _ICONS[value]}</button>'
        for place, (value, words) in enumerate(choices, start=1)
    )
    return f'<span class="vw-segments" id="{element_id}" role="group">{buttons}</span>'


def _toolbar(layers: tuple[tuple[str, str], ...], tools: str) -> str:
    return (
        f'<div class="vw-toolbar">{_segments("layers", layers, "layer", keys=True)}'
        '<label class="vw-slider" title="Opacity of the overlay">Opacity'
        '<input type="range" id="opacity" min="0" max="100" value="60"><output id="opacity-value"></output>'
        "</label>"
        '<button id="contour" aria-pressed="false" title="Contours only (C)">Contour</button>'
        f"{tools}<span class='vw-gap'></span>"
        '<button id="fit" title="Fit (Esc)">Fit</button>'
        '<button id="one-to-one" title="1:1 (Z)">1:1</button>'
        '<output id="zoom" title="Zoom"></output>'
        '<button id="help-open" title="Keys (?)" aria-label="Keys">?</button></div>'
    )


def _pane(side: str, title: str) -> str:
    return (
        f'<figure class="vw-pane" id="pane-{side}"><figcaption>{text(title)}</figcaption>'
        f'<canvas id="canvas-{side}" tabindex="0" aria-label="{side} pane"></canvas></figure>'
    )


def _foot(tools: str) -> str:
    return (
        '<div class="vw-foot"><span id="readout"></span><span class="vw-gap"></span>'
        f'<span id="message" role="status"></span>{tools}<span id="scale"></span></div>'
    )


def _help() -> str:
    return (
        f'<dialog id="help"><h2>Keys</h2>{keys_table()}'
        '<form method="dialog"><button autofocus>Close</button></form></dialog>'
    )


_NOTHING = (
    '<div class="st-empty" id="nothing" hidden><b>No labels yet.</b>'
    "<span>Start a run; its labels appear here while the first round is labelled.</span></div>"
)
_ICONS = {
    "side": '<svg viewBox="0 0 16 16"><path d="M1 3h6v10H1zM9 3h6v10H9z"/></svg>',
    "stack": '<svg viewBox="0 0 16 16"><path d="M2 1h12v6H2zM2 9h12v6H2z"/></svg>',
    "single": '<svg viewBox="0 0 16 16"><path d="M1 2h14v12H1z"/></svg>',
}
