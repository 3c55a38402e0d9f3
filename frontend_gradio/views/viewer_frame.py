"""The fixed HTML that viewer/*.js fills: toolbars, panes, the help dialog."""

from __future__ import annotations

from frontend_gradio.views.markup import text

LAYERS = (
    ("image", "Photo"),
    ("prediction", "Prediction"),
    ("kept", "Kept"),
    ("confidence", "Confidence"),
    ("reason", "Reason"),
    ("hard-class", "Hard classes"),
    ("region-weight", "Weight"),
    ("pasted", "Pasted"),
    ("disagreement", "Disagreement"),
    ("ground-truth", "Truth"),
    ("error", "Errors"),
)
_COMPARE_LAYERS = (
    ("image", "Photo"),
    ("prediction", "Prediction"),
    ("kept", "Kept"),
    ("confidence", "Confidence"),
    ("reason", "Reason"),
    ("difference", "Difference"),
    ("cause", "Cause"),
)
_PANE_LAYOUTS = (("side", "Side by side"), ("stack", "Stacked"), ("single", "One pane"))
_COMPARE_LAYOUTS = (
    ("side", "Side by side"),
    ("stack", "Stacked"),
    ("swipe", "Swipe"),
    ("flicker", "Flicker"),
)


def start(module: str) -> str:
    """JavaScript that loads a module of viewer/ and hands it the component's element."""
    return f"import('/ui-static/{module}.js').then((module) => module.start(element));"


def inspect_frame() -> str:
    """Toolbar and two panes: photo left, layer right."""
    terms = "".join(
        f'<option value="{term}">{term}</option>'
        for term in ("all", "seg", "kld", "entropy", "consistency")
    )
    tools = (
        f"{_segments('layouts', _PANE_LAYOUTS, 'layout')}"
        '<select id="term" aria-label="Loss term" title="Its weight per pixel of each region" hidden>'
        f"{terms}</select>"
        '<select id="use" aria-label="Use in training" title="Use in training" hidden></select>'
        '<select id="against" aria-label="Round to compare with" title="Round to compare with" hidden>'
        "</select>"
    )
    return (
        f'<div class="vw" id="inspect">{_toolbar(LAYERS, tools)}'
        f'<div class="vw-panes side" id="panes">{_pane("left", "Photo")}{_pane("right", "")}'
        f"{_NOTHING}</div>"
        f"{_foot()}{_HELP}</div>"
    )


def compare_frame() -> str:
    """Toolbar with the two sides and two panes."""
    sides = (
        '<select id="left-side" title="On the left" aria-label="On the left"></select>'
        '<button type="button" id="swap" title="Swap left and right (X)" aria-label="Swap left and right">⇄'
        "</button>"
        '<select id="right-side" title="On the right" aria-label="On the right"></select>'
    )
    tools = _segments("layouts", _COMPARE_LAYOUTS, "layout")
    return (
        f'<div class="vw" id="compare">{_toolbar(_COMPARE_LAYERS, tools, sides)}'
        f'<div class="vw-panes side" id="panes">{_pane("left", "")}{_pane("right", "")}'
        '<input type="range" id="swipe" min="0" max="1000" value="500" aria-label="Where left meets right">'
        f"{_NOTHING}</div>"
        f"{_foot()}{_HELP}</div>"
    )


def label_grid() -> str:
    """Where the labels of a round are listed."""
    return '<div class="st-heading small"><h2>Labels</h2></div><div class="vw-grid" id="label-grid"></div>'


def all_changes() -> str:
    """Where the changes since the round before are counted over all images."""
    return '<div id="changes-body"></div>'


def what_if() -> str:
    """Where other settings of the selection are tried."""
    return (
        '<details id="what-if" class="st-card"><summary><h2>What if …</h2>'
        "<span>other settings: what they would keep of all images; trying changes nothing</span>"
        '</summary><div id="what-if-body"></div></details>'
    )


def exports() -> str:
    """Where a round's labels are exported."""
    return (
        '<details id="exports" class="st-card"><summary><h2>Export …</h2>'
        "<span>these labels for other tools: COCO, CVAT, Label Studio and others</span>"
        '</summary><div id="exports-body"></div></details>'
    )


def _segments(
    element_id: str, choices: tuple[tuple[str, str], ...], name: str, *, in_words: bool = False
) -> str:
    buttons = "".join(
        f'<button type="button" id="{name}-{value}" data-{name}="{value}" aria-pressed="false"'
        f' title="{text(words)}{f" ({place % 10})" if in_words and place <= 10 else ""}"'
        f' aria-label="{text(words)}">{text(words) if in_words else _ICONS[value]}</button>'
        for place, (value, words) in enumerate(choices, start=1)
    )
    label = "Layer" if in_words else "Panes"
    return f'<span class="vw-segments" id="{element_id}" role="group" aria-label="{label}">{buttons}</span>'


def _toolbar(layers: tuple[tuple[str, str], ...], tools: str, sides: str = "") -> str:
    return (
        f'<div class="vw-toolbar">{_segments("layers", layers, "layer", in_words=True)}'
        f'<span class="vw-gap"></span>{sides}'
        '<button type="button" id="help-open" title="Keys (?)" aria-label="Keys">?</button></div>'
        '<div class="vw-toolbar">'
        '<label class="vw-slider" title="Opacity of the layer">Opacity'
        '<input type="range" id="opacity" min="0" max="100" value="60"><output id="opacity-value"></output>'
        "</label>"
        '<button type="button" id="contour" aria-pressed="false" title="Contours only (C)">Contour</button>'
        '<select id="palette" aria-label="Colours of classes" title="Colours of classes"></select>'
        f"{tools}<span class='vw-gap'></span>"
        '<button type="button" id="fit" title="Fit (Esc)">Fit</button>'
        '<button type="button" id="one-to-one" title="1:1 (Z)">1:1</button>'
        '<output id="zoom" title="Zoom"></output></div>'
    )


def _pane(side: str, title: str) -> str:
    return (
        f'<figure class="vw-pane" id="pane-{side}"><figcaption>{text(title)}</figcaption>'
        f'<canvas id="canvas-{side}" role="img" tabindex="0" aria-label="{side} pane"></canvas></figure>'
    )


def _foot() -> str:
    return (
        '<div class="vw-foot"><span id="readout"></span><span class="vw-gap"></span>'
        '<span id="message" role="status"></span><span id="scale"></span></div>'
    )


_HELP = '<dialog id="help" aria-labelledby="help-title"></dialog>'
_NOTHING = (
    '<div class="st-empty" id="nothing" hidden><b>No labels yet.</b>'
    "<span>Start a run; its labels appear here while the first round is labelled.</span></div>"
)
_ICONS = {
    "side": '<svg viewBox="0 0 16 16"><path d="M1 3h6v10H1zM9 3h6v10H9z"/></svg>',
    "stack": '<svg viewBox="0 0 16 16"><path d="M2 1h12v6H2zM2 9h12v6H2z"/></svg>',
    "swipe": '<svg viewBox="0 0 16 16"><path d="M1 3h6v10H1zM8 1h1v14H8zM10 3h5v2h-5zM10 11h5v2h-5z"/>'
    "</svg>",
    "flicker": '<svg viewBox="0 0 16 16"><path d="M1 1h9v9H1zM11 6h4v9H6v-4h5z"/></svg>',
    "single": '<svg viewBox="0 0 16 16"><path d="M1 2h14v12H1z"/></svg>',
}
