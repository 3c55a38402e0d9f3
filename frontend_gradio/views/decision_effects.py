"""What people's decisions changed of a round, beside what became of its scores."""

from __future__ import annotations

from backend.corrections.schemas import TrainingPreview
from backend.rounds.schemas import RoundRead
from frontend_gradio.views.markup import cells, percent, table, text
from hiast.contracts.reports import EvaluationReport, LabelQualityReport

_HEADS = ("Kept px", "Trained on px", "Decided", "Right as made", "Right as trained on", "IoU before",
          "IoU after", "Change")  # fmt: skip
_NOTE = (
    "Decided: pixels that corrections, vetoes and rejections added or took. Right: share of the label's "
    "pixels that the ground truth confirms, where there is some. IoU: on the validation set, before and "
    "after this round. Training changes it with any labels; what the decisions alone bring shows a second "
    "run from the same network without them."
)


def decision_effects(trained: TrainingPreview, round_: RoundRead, before: EvaluationReport | None) -> str:
    """Every class whose pixels somebody changed, and all classes together."""
    made = round_.label_set.quality if round_.label_set else None
    after = round_.training.label_quality if round_.training else None
    rows = []
    for row in trained.classes:
        decided = row.trained_pixels - row.kept_pixels
        changed = round_.decisions.corrected_pixels and round_.decisions.corrected_pixels[row.class_id]
        if not decided and not changed:
            continue
        rows.append(
            _row(
                f"effect-{row.class_id}",
                text(row.name),
                (row.kept_pixels, row.trained_pixels),
                (_of_class(made, row.class_id), _of_class(after, row.class_id)),
                (_iou(before, row.class_id), _iou(round_.evaluation, row.class_id)),
            )
        )
    rows.append(_all(trained, made, after, before, round_.evaluation))
    heads = [("Class", ""), *((name, "num") for name in _HEADS)]
    shown = table(heads, rows, table_id="effects-table", css_class="dense named")
    counts = (
        f"{trained.changed_labels} labels changed, {trained.rejected_images} of "
        f"{trained.images + trained.rejected_images} rejected."
    )
    return (
        '<div class="st-heading small"><h2>What the decisions changed</h2></div>'
        f'<p class="st-facts">{counts}</p>'
        '<div class="st-trained" tabindex="0" role="region" aria-label="What the decisions changed">'
        f'{shown}</div><p class="st-muted">{_NOTE}</p>'
    )


def _all(
    trained: TrainingPreview,
    made: LabelQualityReport | None,
    after: LabelQualityReport | None,
    before: EvaluationReport | None,
    now: EvaluationReport | None,
) -> str:
    pixels = [(row.kept_pixels, row.trained_pixels) for row in trained.classes]
    return _row(
        "effect-all",
        "<b>all classes</b>",
        (sum(kept for kept, _ in pixels), sum(used for _, used in pixels)),
        (made.precision if made else None, after.precision if after else None),
        (before.mean_iou if before else None, now.mean_iou if now else None),
    )


def _row(
    row_id: str,
    name: str,
    pixels: tuple[int, int],
    right: tuple[float | None, float | None],
    iou: tuple[float | None, float | None],
) -> str:
    kept, trained = pixels
    before, after = iou
    change = f"{100 * (after - before):+.1f}" if before is not None and after is not None else "–"
    return (
        f'<tr id="{row_id}">'
        + cells(
            (name, ""),
            (f"{kept:,}", "num"),
            (f"{trained:,}", "num"),
            (f"{trained - kept:+,}" if trained != kept else "±0", "num"),
            *((percent(share), "num") for share in (*right, before, after)),
            (change, "num"),
        )
        + "</tr>"
    )


def _of_class(quality: LabelQualityReport | None, class_id: int) -> float | None:
    return quality.class_precision[class_id] if quality else None


def _iou(evaluation: EvaluationReport | None, class_id: int) -> float | None:
    return evaluation.class_iou[class_id] if evaluation else None
