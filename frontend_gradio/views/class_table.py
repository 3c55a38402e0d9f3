"""The classes of a round, one row each."""

from __future__ import annotations

from collections.abc import Sequence

from backend.rounds.schemas import ClassSummary
from frontend_gradio.views.markup import cells, percent, swatch, table, text

_HEADS = (
    ("Class", ""), ("θ", "num"), ("α·θ^γ", "num"), ("Predicted px", "num"), ("Kept px", "num"),
    ("Kept", "num"), ("Change", "num"), ("Class value", "num"), ("Hard", ""), ("Sampling", "num"),
    ("Images", "num"),
)  # fmt: skip
HARD_MARK = '<span class="st-hard" title="hard class: pasted from donors">hard</span>'


def class_table(classes: Sequence[ClassSummary]) -> str:
    """Threshold, kept share, hardness of every class."""
    return table(_HEADS, [_row(row) for row in classes], table_id="class-table", css_class="dense")


def _row(row: ClassSummary) -> str:
    sampling = percent(row.sampling_probability) if row.hard else '<span class="st-muted">–</span>'
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
    ) + "</tr>"  # fmt: skip


def _share_bar(share: float) -> str:
    return f'<span class="st-bar small"><i style="width:{100 * share:.1f}%"></i></span> {percent(share)}'


def _change(row: ClassSummary) -> str:
    if row.previous_kept_share is None:
        return '<span class="st-muted">–</span>'
    points = 100 * (row.kept_share - row.previous_kept_share)
    return f'<span class="{"st-up" if points >= 0 else "st-down"}">{points:+.1f}</span>'
