"""The classes of a round, one row each."""

from __future__ import annotations

from collections.abc import Sequence

from backend.rounds.schemas import ClassSummary
from frontend_gradio.views.markup import cells, empty, percent, swatch, table, text
from hiast.contracts.reports import LabelQualityReport

_HEADS = (
    ("Class", ""), ("θ", "num"), ("α·θ^γ", "num"), ("Predicted px", "num"), ("Kept px", "num"),
    ("Kept", "num"), ("Change", "num"), ("Class value", "num"), ("Hard", ""), ("Sampling", "num"),
    ("Images", "num"),
)  # fmt: skip
HARD_MARK = '<span class="st-hard" title="hard class: pasted from donors">hard</span>'


_QUALITY_HEADS = (("Coverage", "num"), ("Precision", "num"), ("IoU", "num"))


def class_table(classes: Sequence[ClassSummary], quality: LabelQualityReport | None = None) -> str:
    """Threshold, kept share, hardness of every class; with `quality`, how right its labels are."""
    heads = (*_HEADS, *(_QUALITY_HEADS if quality else ()))
    rows = [_row(row, quality) for row in classes]
    return table(heads, rows, table_id="class-table", css_class="dense named")


def quality_line(quality: LabelQualityReport | None) -> str:
    """How good the kept labels are where the truth is known; empty where it is not."""
    if quality is None:
        return ""
    return (
        f'<p class="st-facts" id="label-quality"><b>Against ground truth of {quality.images} images</b>'
        f"<span>coverage {percent(quality.coverage)}</span>"
        f"<span>precision {percent(quality.precision)}</span>"
        f"<span>mIoU of the kept labels {percent(quality.mean_iou)}</span>"
        "<span>it scores, it chooses nothing</span></p>"
    )


def no_labels() -> str:
    """What stands here before the first label."""
    return empty("No labels yet.", "The first one appears here as soon as it is written.")


def _row(row: ClassSummary, quality: LabelQualityReport | None) -> str:
    sampling = percent(row.sampling_probability) if row.hard else '<span class="st-muted">–</span>'
    measured = (
        ()
        if quality is None
        else tuple(
            (percent(values[row.class_id]), "num")
            for values in (quality.class_coverage, quality.class_precision, quality.class_iou)
        )
    )
    return f'<tr id="class-{row.class_id}">' + cells(
        (f"{swatch(row.colour)}{text(row.name)}", ""),
        (f"{row.threshold:.4f}", "num"),
        (percent(row.selected_share), "num"),
        (f"{row.predicted_pixels:,}", "num"),
        (f"{row.kept_pixels:,}", "num"),
        (_share_bar(row.kept_share), "num"),
        (_change(row), "num"),
        (f"{row.class_value:.4f}", "num"),
        (HARD_MARK if row.hard else "", ""),
        (sampling, "num"),
        (str(row.images), "num"),
        *measured,
    ) + "</tr>"  # fmt: skip


def _share_bar(share: float) -> str:
    return f'<span class="st-bar small"><i style="width:{100 * share:.1f}%"></i></span> {percent(share)}'


def _change(row: ClassSummary) -> str:
    if row.previous_kept_share is None:
        return '<span class="st-muted">–</span>'
    points = 100 * (row.kept_share - row.previous_kept_share)
    return f'<span class="{"st-up" if points >= 0 else "st-down"}">{points:+.1f}</span>'
