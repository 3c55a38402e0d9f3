"""The labels of two rounds compared, to see what became of every class."""

from __future__ import annotations

from typing import Final

from backend.labels.schemas import LabelSummary
from backend.rounds.schemas import RoundRead
from frontend_gradio.api_client import ApiClient
from frontend_gradio.views.class_flow import ClassFlow

# Each costs the API the reading of two label files.
_IMAGES: Final = 24


def measure_flow(client: ApiClient, before: RoundRead, round_: RoundRead) -> ClassFlow | None:
    """Compare the labels of both rounds on images spread over the set; None when they share no image."""
    known = {label.name: label for label in client.labels(before.id).items}
    pairs = [(known[label.name], label) for label in client.labels(round_.id).items if label.name in known]
    if not pairs:
        return None
    chosen = _spread(pairs)
    flow = ClassFlow(images=len(chosen), of_images=round_.image_count)
    for left, right in chosen:
        flow.add(client.compare(left.id, right.id))
    return flow


def _spread(pairs: list[tuple[LabelSummary, LabelSummary]]) -> list[tuple[LabelSummary, LabelSummary]]:
    step = max(1.0, len(pairs) / _IMAGES)
    return [pairs[int(place * step)] for place in range(min(_IMAGES, len(pairs)))]
