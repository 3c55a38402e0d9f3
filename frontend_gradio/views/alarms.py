"""What looks wrong about the labels of a round."""

from __future__ import annotations

from collections.abc import Sequence

from backend.rounds.schemas import Alarm
from frontend_gradio.views.markup import text


def alarm_list(found: Sequence[Alarm]) -> str:
    """The alarms, open; empty when nothing looks wrong."""
    if not found:
        return ""
    items = "".join(
        f"<li>{f'<b>{text(alarm.class_name)}</b> ' if alarm.class_name else ''}{text(alarm.sentence)}</li>"
        for alarm in found
    )
    count = f"{len(found)} alarm{'' if len(found) == 1 else 's'}"
    return (
        f'<details class="st-alarms" id="alarm-list" open><summary>{count}</summary>'
        f"<ul>{items}</ul></details>"
    )
