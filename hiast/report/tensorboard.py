"""Curves for TensorBoard: loss terms, learning rates and scores as event files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.reports import EvaluationReport, Progress

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter

_EVENT_FILES: Final = "events.out.tfevents.*"


class TensorBoardCurves:
    """Event files of one training in one directory; close it, or use it in a `with` statement."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._resumes = any(directory.glob(_EVENT_FILES))
        self._writer = self._new_file(None)

    def _new_file(self, purge_step: int | None) -> SummaryWriter:
        # Not torch.utils.tensorboard, which needs the whole TensorBoard server with gRPC: tensorboardX
        # writes the same files with protobuf alone. Imported here because it loads torch if there is one.
        from tensorboardX import SummaryWriter

        # Files of one second would have one name; TensorBoard reads them in order of their names.
        suffix = f".{time.time_ns()}"
        return SummaryWriter(
            str(self._directory), purge_step=purge_step, flush_secs=10, filename_suffix=suffix
        )

    def write(self, progress: Progress) -> None:
        """Write the metrics of a moment as `stage/name` at step `progress.done`; without any, nothing.

        Where the directory holds curves already, the first call hides their points from that step on.
        """
        if not progress.metrics:
            return
        if self._resumes:
            self._writer.close()
            self._writer = self._new_file(progress.done)
            self._resumes = False
        for name, value in progress.metrics.items():
            self._writer.add_scalar(f"{progress.stage}/{name}", value, progress.done)

    def write_evaluation(self, name: str, step: int, report: EvaluationReport, classes: ClassSpace) -> None:
        """Write the scores (0..1) of the network `name`, such as "student", after `step` iterations.

        Tags: `evaluation/NAME/mean_iou`, `.../pixel_accuracy`, the further means by their names, and
        `evaluation/NAME/iou/CLASS` for the classes that occur.
        """
        scores = {
            "mean_iou": report.mean_iou,
            "pixel_accuracy": report.pixel_accuracy,
            **report.further_means,
        }
        for class_name, iou in zip(classes.classes, report.class_iou, strict=True):
            if iou is not None:
                scores[f"iou/{class_name}"] = iou
        for tag, value in scores.items():
            self._writer.add_scalar(f"evaluation/{name}/{tag}", value, step)

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()

    def __enter__(self) -> TensorBoardCurves:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def open_tensorboard(directory: Path) -> TensorBoardCurves:
    """Curves of one training, added to those `directory` may hold from before an interruption.

    Give each training (the warm-up, every round) its own directory below one that TensorBoard is pointed
    at: their steps all begin at 1, and each shows as a run of its own.
    """
    return TensorBoardCurves(directory)
