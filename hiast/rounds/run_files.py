"""What lies where below the directory of a run, and how it is read back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelReport
from hiast.data import ImageSet
from hiast.data.atomic_files import write_atomically

RESULT_FILE: Final = "model.safetensors"
LOADED_WEIGHTS_FILE: Final = "loaded_weights.json"
"""Names of the weights a checkpoint filled, and of those it did not."""
SELECTION_FILE: Final = "selection.json"
CURVE_FILE: Final = "curve.jsonl"
LABELS_FILE: Final = "labels.jsonl"
"""`LabelReport`, one a line, in the order the labels were finished."""
LABEL_SET_FILE: Final = "labels.json"
TRAINING_FILE: Final = "training.json"
PAGE_FILE: Final = "report.html"

Report = TypeVar("Report", bound=BaseModel)


class Sets(NamedTuple):
    """The data sets of a run, open."""

    source: ImageSet | None
    target: ImageSet
    validation: ImageSet | None


def read_report(path: Path, kind: type[Report]) -> Report:
    """A report written as JSON. Raises UserError when it is missing or damaged."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise UserError(
            f"the report cannot be read ({reason}).",
            where=str(path),
            remedy="Delete it, and what follows it in the run, and start the run again.",
        ) from error


def read_lines(path: Path, kind: type[Report]) -> list[Report]:
    """Reports written one a line; none when there is no file. A torn last line is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [kind.model_validate_json(line) for line in lines]


def write_lines(path: Path, reports: Sequence[BaseModel]) -> None:
    """Write reports one a line, whole or not at all."""
    write_atomically(path, "".join(f"{report.model_dump_json()}\n" for report in reports).encode())


def append_line(path: Path, report: BaseModel) -> None:
    """Add a report as the last line. Raises UserError when the system refuses (disk full)."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{report.model_dump_json()}\n")
    except OSError as error:
        raise UserError(
            f"the file could not be written ({error.strerror}).",
            where=str(path),
            remedy="Free disk space, then start again: the work goes on where it was.",
        ) from error


def read_labels(directory: Path) -> list[LabelReport]:
    """The labels of a round written so far, in labelling order; a torn last line is left out."""
    by_order = {report.order: report for report in read_lines(directory / LABELS_FILE, LabelReport)}
    return [by_order[order] for order in sorted(by_order)]
