"""Alarms are shown as they are told, and as text."""

from __future__ import annotations

from backend.rounds.schemas import Alarm
from frontend_gradio.views.alarms import alarm_list


def test_a_sound_round_shows_nothing() -> None:
    assert alarm_list([]) == ""


def test_alarms_are_counted_and_escaped() -> None:
    one = Alarm(kind="unseen", sentence="<b>: never predicted.")
    other = Alarm(kind="cap", class_id=1, class_name="a & b", sentence="is at the cap.")
    assert "1 alarm<" in alarm_list([one])
    shown = alarm_list([one, other])
    assert "2 alarms" in shown
    assert "&lt;b&gt;: never predicted." in shown
    assert "<b>a &amp; b</b> is at the cap." in shown
