"""The loss curves of a stage as a file: one JSON line a point, in order, each iteration once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hiast.contracts.reports import OnProgress, Progress
from hiast.rounds.run_files import append_line, read_lines, write_lines


def read_curve(path: Path) -> list[Progress]:
    """The points of a curve file; none when it does not exist. A torn last line is left out."""
    return read_lines(path, Progress)


def recording(path: Path, on_point: Callable[[Progress], None], on_progress: OnProgress) -> OnProgress:
    """`on_progress` that also appends every point with metrics to `path`, and hands it to `on_point`.

    A training that goes on at iteration i first drops the points behind i that an interruption left.
    """
    started = False

    def record(progress: Progress) -> None:
        nonlocal started
        if progress.metrics:
            if not started:
                write_lines(path, [point for point in read_curve(path) if point.done < progress.done])
                started = True
            append_line(path, progress)
            on_point(progress)
        on_progress(progress)

    return record
