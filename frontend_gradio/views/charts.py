"""Plotly figures. Backgrounds are transparent and text is restyled by studio.css, so one figure serves
the light and the dark mode."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import plotly.graph_objects as go

from backend.rounds.schemas import ClassSummary, Curve, ThresholdTrajectory
from backend.runs.schemas import RunRead
from frontend_gradio.views.class_flow import ClassFlow
from hiast.contracts.class_spaces import Colour

_GREY = "#7d8894"
_GRID = "rgba(128,138,150,0.18)"
# Luminance of lines that stand out from white as well as from the dark surface.
_DARKEST_LINE, _LIGHTEST_LINE = 0.13, 0.45
# Okabe and Ito's colours, which stay apart for colour-blind eyes and on both backgrounds.
_TERM_COLOURS = {
    "total": "#7d8894",
    "seg": "#0072b2",
    "kld": "#e69f00",
    "entropy": "#d55e00",
    "consistency": "#009e73",
}
_NO_LOSS_TERMS = {"learning_rate", "kept_share"}
_OTHER_COLOURS = ("#cc79a7", "#56b4e9", "#b59f00")


def _figure(height: int, x_title: str, y_title: str) -> go.Figure:
    axis = {"gridcolor": _GRID, "zeroline": False, "linecolor": _GRID, "tickcolor": _GRID}
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 48, "r": 8, "t": 8, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 11, "color": _GREY},
        legend={"orientation": "v", "x": 1.01, "y": 1, "font": {"size": 11}, "itemwidth": 30},
        hoverlabel={"font": {"size": 11}},
        hovermode="closest",
        xaxis={"title": {"text": x_title, "standoff": 8}} | axis,
        yaxis={"title": {"text": y_title, "standoff": 8}} | axis,
    )
    return figure


def line_colour(colour: Colour) -> str:
    """A class colour for thin lines: the hue kept, the lightness moved to where both modes show it."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    while _luminance(hue, lightness, saturation) < _DARKEST_LINE:
        lightness += 0.01
    while _luminance(hue, lightness, saturation) > _LIGHTEST_LINE:
        lightness -= 0.01
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return f"rgb({round(255 * red)},{round(255 * green)},{round(255 * blue)})"


def _luminance(hue: float, lightness: float, saturation: float) -> float:
    """Relative luminance, 0..1, with the gamma of sRGB taken as 2.2."""
    red, green, blue = (channel**2.2 for channel in colorsys.hls_to_rgb(hue, lightness, saturation))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def loss_figure(curves: Sequence[Curve], *, height: int = 300) -> go.Figure:
    """Loss terms and learning rate over training steps, one step after the other."""
    figure = _figure(height, "iteration", "loss")
    right = {
        "overlaying": "y",
        "side": "right",
        "showgrid": False,
        "exponentformat": "e",
        "rangemode": "tozero",
        "tickmode": "auto",
        "nticks": 4,
        "tickformat": ".0e",
    }
    figure.update_layout(yaxis2=right | {"tickfont": {"size": 10}, "zeroline": False})
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": -0.3 if height < 300 else -0.24}, margin={"r": 48}
    )
    start = 0
    for curve in curves:
        if not curve.points:
            continue
        title = "warm-up" if curve.round_number is None else f"round {curve.round_number}"
        figure.add_vline(x=start, line={"color": _GRID, "width": 1})
        figure.add_annotation(
            x=start, y=1, yref="paper", text=title, showarrow=False, xanchor="left", yanchor="top"
        )
        _add_terms(figure, curve, title, start)
        start += curve.points[-1].iteration
    _name_terms_once(figure)
    return figure


def _add_terms(figure: go.Figure, curve: Curve, title: str, start: int) -> None:
    _add_learning_rate(figure, curve, title, start)
    terms = sorted({term for point in curve.points for term in point.metrics} - _NO_LOSS_TERMS)
    others = [term for term in terms if term not in _TERM_COLOURS]
    for term in terms:
        points = [point for point in curve.points if term in point.metrics]
        colour = _TERM_COLOURS.get(term) or _OTHER_COLOURS[others.index(term) % len(_OTHER_COLOURS)]
        figure.add_scatter(
            x=[start + point.iteration for point in points],
            y=[point.metrics[term] for point in points],
            name=term,
            meta=f"{title}: {term}",
            legendgroup=term,
            mode="lines",
            line={"color": colour, "width": 2.2 if term == "total" else 1.4},
            hovertemplate=f"{title}, {term}: %{{y:.4g}}<extra></extra>",
        )


def _add_learning_rate(figure: go.Figure, curve: Curve, title: str, start: int) -> None:
    points = [point for point in curve.points if "learning_rate" in point.metrics]
    if not points:
        return
    figure.add_scatter(
        x=[start + point.iteration for point in points],
        y=[point.metrics["learning_rate"] for point in points],
        yaxis="y2",
        name="learning rate",
        meta=f"{title}: learning rate",
        legendgroup="learning rate",
        mode="lines",
        line={"color": _GREY, "width": 1.2, "dash": "dot"},
        hovertemplate=f"{title}, learning rate: %{{y:.3g}}<extra></extra>",
    )


def _name_terms_once(figure: go.Figure) -> None:
    """Several steps share a term; its name stands in the legend once."""
    named: set[str] = set()
    for trace in figure.data:
        trace.showlegend = trace.name not in named
        named.add(trace.name)


def iou_figure(run: RunRead) -> go.Figure:
    """Mean IoU (bold) and the IoU of each class, from the warm-up to the last evaluated round."""
    figure = _figure(300, "", "IoU, %")
    reports = [("warm-up", run.warm_up_evaluation)]
    reports += [(f"round {round_.number}", round_.evaluation) for round_ in run.rounds]
    known = [(title, report) for title, report in reports if report is not None]
    titles = [title for title, _ in known]
    for class_id, name in enumerate(run.class_space.classes):
        shares = [report.class_iou[class_id] for _, report in known]
        if any(share is not None for share in shares):
            figure.add_scatter(
                x=titles,
                y=[None if share is None else 100 * share for share in shares],
                name=name,
                mode="lines+markers",
                line={"color": line_colour(run.class_space.colours[class_id]), "width": 1.1},
                marker={"size": 4},
                hovertemplate=f"{name}: %{{y:.1f}} %<extra></extra>",
            )
    figure.add_scatter(
        x=titles,
        y=[100 * report.mean_iou for _, report in known],
        name="mean",
        legendrank=1,
        mode="lines+markers",
        line={"color": _GREY, "width": 3.2},
        marker={"size": 8},
        hovertemplate="mean IoU: %{y:.1f} %<extra></extra>",
    )
    figure.update_yaxes(range=[0, 100])
    return figure


def threshold_figure(trajectory: ThresholdTrajectory, colours: Sequence[Colour]) -> go.Figure:
    """θ of every class after every image, one line a class. Its meta names each point's label."""
    figure = _figure(330, "image, in labelling order", "threshold θ")
    figure.update_layout(meta={"labels": trajectory.label_ids})
    orders = list(range(len(trajectory.thresholds)))
    for class_id, name in enumerate(trajectory.classes):
        figure.add_scatter(
            x=orders,
            y=[row[class_id] for row in trajectory.thresholds],
            name=name,
            mode="lines",
            line={"color": line_colour(colours[class_id]), "width": 1.6},
            customdata=trajectory.image_names,
            hovertemplate=f"<b>{name}</b> θ %{{y:.4f}}<br>image %{{x}}: %{{customdata}}, click to open it"
            "<extra></extra>",
        )
    return figure


def kept_share_figure(classes: Sequence[ClassSummary]) -> go.Figure:
    """Kept share of every class, this round (bar) against the round before (mark)."""
    figure = _figure(330, "kept share, %", "")
    rows = list(reversed(classes))
    names = [row.name for row in rows]
    figure.add_bar(
        x=[100 * row.kept_share for row in rows],
        y=names,
        orientation="h",
        name="this round",
        marker={"color": [line_colour(row.colour) for row in rows], "line": {"width": 0}},
        hovertemplate="%{y}: %{x:.1f} % kept<extra></extra>",
        showlegend=False,
    )
    if any(row.previous_kept_share is not None for row in rows):
        figure.add_scatter(
            x=[None if row.previous_kept_share is None else 100 * row.previous_kept_share for row in rows],
            y=names,
            name="round before",
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 11, "color": _GREY, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:.1f} % in the round before<extra></extra>",
        )
    figure.update_layout(bargap=0.35, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.08})
    figure.update_layout(margin={"l": 92, "t": 22})
    figure.update_xaxes(range=[0, 101])
    return figure


def flow_figure(flow: ClassFlow) -> go.Figure:
    """Of the pixels kept as a class in either round: the share kept in both, only now, only before."""
    figure = _figure(60 + 24 * len(flow.classes), "share of the class's pixels, %", "")
    kept = {name: pixels for name, pixels in flow.classes.items() if pixels.before + pixels.now > 0}
    names = list(reversed(kept))
    either = {name: max(1, counts.before + counts.now - counts.both) for name, counts in kept.items()}
    parts = (
        ("kept in both rounds", "#009e73", [kept[name].both for name in names]),
        ("came: ignored or another class before", "#56b4e9", [kept[n].now - kept[n].both for n in names]),
        ("went: ignored or another class now", "#d55e00", [kept[n].before - kept[n].both for n in names]),
    )
    for title, colour, pixels in parts:
        figure.add_bar(
            x=[100 * count / either[name] for name, count in zip(names, pixels, strict=True)],
            y=names,
            orientation="h",
            name=title,
            marker={"color": colour, "line": {"width": 0}},
            customdata=[f"{count:,} px" for count in pixels],
            hovertemplate=f"%{{y}}, {title}: %{{x:.1f}} %, %{{customdata}}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3, margin={"l": 92, "t": 26})
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"}
    )
    figure.update_xaxes(range=[0, 100])
    return figure
