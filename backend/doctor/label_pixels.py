"""Are the files of every label there, intact, and what its report says?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, labels_key
from backend.doctor.problem import Problem
from backend.doctor.stored_files import RUNS
from backend.labels.layers import LabelFiles, locate
from backend.labels.tables import Label
from backend.rounds.tables import Round
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelReport
from hiast.data import label_files

LABEL_AGAIN: Final = "Restore the artifact store from a backup, or start a new run."


def label_file_problems(
    session: Session, artifacts: ArtifactStore, stored: Iterable[str], *, quick: bool
) -> Iterator[Problem]:
    """Check the files of every label the database names; `quick`: only that they are there.

    `stored`: names of files below `RUNS`; the store itself is asked for others alone.
    """
    listed = {f"{RUNS}/{name}" for name in stored}
    query = select(Label, Round).join(Round, Round.id == Label.round_id).order_by(Label.id)
    for label, round_ in session.execute(query):
        key = labels_key(round_.run_id, round_.number)
        thing = f"label {label.id} ({label.name}) of run {round_.run_id}, round {round_.number}"
        names = [label_files.file_name(label.name, kind) for kind in label_files.FILE_KINDS]
        absent = [
            name for name in names if f"{key}/{name}" not in listed and not artifacts.holds(key, name)
        ]
        if absent:
            problem = f"files are missing in {artifacts.url}/{key}: {', '.join(absent)}."
            yield Problem(thing, problem, LABEL_AGAIN)
        elif not quick:
            problem = _pixels(locate(session, artifacts, label.id), label.report)
            if problem:
                yield Problem(thing, problem, LABEL_AGAIN)


def _pixels(files: LabelFiles, report: LabelReport) -> str:
    """What is wrong with the pixels of one label; nothing: an empty sentence."""
    try:
        directory = files.local("prediction", "confidence")
        prediction = label_files.read_prediction(directory, report.name)
        kept = files.read_kept()
        codes, _ = label_files.read_codes(directory, report.name)
    except UserError as error:
        return str(error)
    size = (report.height, report.width)
    if not prediction.shape == kept.shape == codes.shape == size:
        shapes = f"prediction {prediction.shape}, reason {kept.shape}, confidence {codes.shape}"
        return f"its files have other sizes than the image's {size}: {shapes}."
    classes = len(report.kept_pixels)
    if prediction.max() >= classes:
        return f"its prediction holds class {prediction.max()}, and there are {classes}."
    counted = np.bincount(prediction.ravel(), minlength=classes).tolist()
    counted_kept = np.bincount(kept[kept != IGNORED], minlength=classes).tolist()
    if (counted, counted_kept) != (report.predicted_pixels, report.kept_pixels):
        return "its pixels are not those its report counts."
    return ""
