"""The loss curves of a stage as a file: one JSON line a point, in order, each iteration once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.atomic_files import write_atomically


def read_curve(path: Path) -> list[Progress]:
    """The points of a curve file; none when it does not exist. A torn last line is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [Progress.model_validate_json(line) for line in lines[:-1]]


def recording(path: Path, on_point: Callable[[Progress], None], on_progress: OnProgress) -> OnProgress:
    """`on_progress` that also appends every point with metrics to `path`, and hands it to `on_point`.

    A training that goes on at iteration i first drops the points behind i that an interruption left.
    """
    started = False

    def record(progress: Progress) -> None:
        nonlocal started
        if progress.metrics:
            if not started:
                before = [point for point in read_curve(path) if point.done < progress.done]
                write_atomically(path, "".join(f"{p.model_dump_json()}\n" for p in before).encode())
                started = True
            try:
                with path.open("a", encoding="utf-8") as file:
                    file.write(f"{progress.model_dump_json()}\n")
            except OSError as error:
                raise UserError(
                    f"the curve could not be written ({error.strerror}).",
                    where=str(path),
                    remedy="Free disk space, then start again: the training goes on where it was.",
                ) from error
            on_point(progress)
        on_progress(progress)

    return record
