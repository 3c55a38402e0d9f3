"""What the files of a run's steps are called; here so that the service can name them without torch."""

from __future__ import annotations

from typing import Final

WARM_UP_FILE: Final = "model.safetensors"
"""The network before round 1."""
TEACHER_FILE: Final = "teacher.safetensors"
STUDENT_FILE: Final = "student.safetensors"
HISTOGRAMS_FILE: Final = "histograms.bin"
"""Counted confidences of a round's labels: what its thresholds can be replayed from."""
STATE_FILE: Final = "training_state.pt"
"""Where an interrupted training goes on; removed when the training is done."""
