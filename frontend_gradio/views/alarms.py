"""What looks wrong about the labels of a round, each with the numbers that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backend.rounds.schemas import ClassSummary, RoundRead
from frontend_gradio.views.markup import percent, text

_CAP: Final = 0.999
"""Where thresholds end."""
_COLLAPSED: Final = 1 / 3
"""Of what it was in the round before."""
_FEW_IMAGES: Final = 0.02
_ENOUGH_LABELS: Final = 8
"""Before that, a class may be rare by chance."""


def alarms_of(
    round_: RoundRead, before: RoundRead | None, classes: Sequence[ClassSummary]
) -> list[tuple[str, str]]:
    """(class or "", sentence with evidence), the generator's own alarms first."""
    found = [("", sentence) for sentence in (round_.label_set.alarms if round_.label_set else [])]
    if round_.label_count < _ENOUGH_LABELS:
        return found
    predicted = max(1, sum(row.predicted_pixels for row in classes))
    for row in classes:
        found += [(row.name, words) for words in _class_alarms(row, round_, before, predicted)]
    return found


def _class_alarms(
    row: ClassSummary, round_: RoundRead, before: RoundRead | None, predicted: int
) -> list[str]:
    if row.kept_pixels == 0:
        return []  # the generator says so itself
    found = []
    share = row.predicted_pixels / predicted
    if before is not None and before.label_set is not None:
        counts = before.label_set.class_predicted_pixels
        share_before = counts[row.class_id] / max(1, sum(counts))
        if share < _COLLAPSED * share_before:
            found.append(
                f"is predicted on {percent(share, 2)} of all pixels, on {percent(share_before, 2)} in "
                f"round {before.number}: the student is forgetting it."
            )
        if row.previous_kept_share and row.kept_share < _COLLAPSED * row.previous_kept_share:
            found.append(
                f"keeps {percent(row.kept_share)} of its pixels, {percent(row.previous_kept_share)} in "
                f"round {before.number}: the student will hardly see it."
            )
    if row.threshold >= _CAP:
        found.append(
            f"has its threshold at the cap of {_CAP}: {percent(share)} of all pixels are of it, and "
            f"only the surest {percent(row.kept_share)} of those are kept."
        )
    if row.images <= max(1, _FEW_IMAGES * round_.label_count):
        found.append(
            f"is kept on {row.images} of {round_.label_count} images, {row.kept_pixels:,} pixels in all: "
            "it starves. Accept such images before others, or lower its threshold."
        )
    return found


def alarm_list(found: Sequence[tuple[str, str]]) -> str:
    """The alarms, the first few open; empty when nothing looks wrong."""
    if not found:
        return ""
    items = "".join(
        f"<li>{f'<b>{text(name)}</b> ' if name else ''}{text(sentence)}</li>" for name, sentence in found
    )
    count = f"{len(found)} alarm{'' if len(found) == 1 else 's'}"
    return (
        f'<details class="st-alarms" id="alarm-list" open><summary>{count}</summary>'
        f"<ul>{items}</ul></details>"
    )
