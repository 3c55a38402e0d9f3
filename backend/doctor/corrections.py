"""Is everything that people drew over labels there, does it fit, and do trainings use what was approved?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import WRITTEN_ONCE, ArtifactStore, corrections_key
from backend.corrections.tables import Correction
from backend.doctor.problem import Problem
from backend.labels.layers import locate
from backend.labels.tables import Label
from backend.rounds.tables import Round
from hiast.contracts.errors import UserError
from hiast.data.corrections import count_correction, read_correction

DRAW_AGAIN: Final = "Restore the artifact store from a backup, or delete the correction and draw it again."
RESTORE: Final = "Restore the database from a backup, or start a new run."


def correction_problems(session: Session, artifacts: ArtifactStore, *, quick: bool) -> Iterator[Problem]:
    """Check every version of every correction; `quick`: only that its file is there."""
    query = (
        select(Correction, Label, Round)
        .join(Label, Label.id == Correction.label_id)
        .join(Round, Round.id == Label.round_id)
        .order_by(Label.id, Correction.version)
    )
    present: dict[int, dict[str, str]] = {}
    for label, rows in groupby(session.execute(query), key=lambda row: row[1]):
        of_label = list(rows)
        versions = [correction for correction, _, _ in of_label]
        kept = None if quick else locate(session, artifacts, label.id).read_kept
        for correction, _, round_ in of_label:
            newest = correction is versions[-1]
            problem = _file(correction, label, round_, artifacts, kept, newest=newest)
            if problem:
                yield Problem(f"correction {correction.version} of label {label.id}", problem, DRAW_AGAIN)
        numbers = [correction.version for correction in versions]
        if numbers != list(range(1, len(numbers) + 1)):
            thing = f"label {label.id} ({label.name})"
            yield Problem(thing, f"its corrections have the versions {numbers[:20]}.", RESTORE)
        if versions[-1].file is not None:
            present.setdefault(label.round_id, {})[label.name] = versions[-1].file
    yield from _fixed(session.scalars(select(Round).order_by(Round.id)).all(), present)


def _file(
    correction: Correction,
    label: Label,
    round_: Round,
    artifacts: ArtifactStore,
    read_kept: Callable[[], NDArray[np.uint8]] | None,
    *,
    newest: bool,
) -> str:
    """What is wrong with the file of one version, over the label as `read_kept` reads it (None: only that
    it is there); nothing: an empty sentence."""
    if correction.file is None:
        return "" if correction.counts is None else "it is a deletion and counts pixels."
    key = corrections_key(round_.run_id, round_.number)
    if not artifacts.holds(key, correction.file):
        return f"its file {key}/{correction.file} is not in {artifacts.url}."
    if read_kept is None:
        return ""
    report, classes = label.report, len(label.report.kept_pixels)
    try:
        folder = artifacts.fetch(key, [correction.file], version=WRITTEN_ONCE)
        pixels = read_correction(folder / correction.file, (report.height, report.width), classes)
        kept = read_kept()
    except UserError as error:
        return str(error)
    if kept.shape != pixels.shape:
        return "its pixels are not those its row counts."
    counted = count_correction(pixels, kept, classes)
    if not newest and correction.counts is not None:
        # Counted on the label as it was then, perhaps in another revision; revisions recount the newest.
        covered = correction.counts.covered_pixels
        counted = counted.model_copy(update={"covered_pixels": covered})
    return "" if counted == correction.counts else "its pixels are not those its row counts."


def _fixed(rounds: Sequence[Round], present: dict[int, dict[str, str]]) -> Iterator[Problem]:
    """What an approved round trains on is what was drawn last: nobody draws once it trains."""
    for round_ in rounds:
        if round_.trained_decisions is None:
            continue
        drawn = present.get(round_.id, {})
        for decision in round_.trained_decisions.labels:
            if decision.correction != drawn.get(decision.name):
                thing = f"run {round_.run_id}, round {round_.number}"
                problem = (
                    f"it trains on {decision.name!r} with the correction {decision.correction}, "
                    f"and the last one is {drawn.get(decision.name)}."
                )
                yield Problem(thing, problem, RESTORE)
