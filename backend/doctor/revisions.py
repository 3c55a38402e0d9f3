"""Are the labels of every revision there, and are those of a round the ones of its present revision?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, revision_key
from backend.doctor.problem import Problem
from backend.doctor.stored_files import RUNS
from backend.labels.tables import Label
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from hiast.data.label_files import file_name

RESTORE: Final = "Restore a backup, or apply another revision."


def revision_problems(
    session: Session, artifacts: ArtifactStore, stored: Iterable[str]
) -> Iterator[Problem]:
    """Check every revision of every round. `stored`: names of files below `RUNS`."""
    listed = {f"{RUNS}/{name}" for name in stored}
    numbers: dict[int, set[int]] = {}
    rows = session.execute(
        select(Revision, Round).join(Round, Round.id == Revision.round_id).order_by(Revision.id)
    ).all()
    for revision, round_ in rows:
        numbers.setdefault(round_.id, set()).add(revision.number)
        thing = f"run {round_.run_id}, round {round_.number}, revision {revision.number}"
        yield from _revision(session, artifacts, listed, thing, revision, round_)
    for round_ in session.scalars(select(Round).where(Round.revision > 0)):
        if round_.revision not in numbers.get(round_.id, ()):
            thing = f"run {round_.run_id}, round {round_.number}"
            yield Problem(thing, f"it is of revision {round_.revision}, which does not exist.", RESTORE)


def _revision(
    session: Session,
    artifacts: ArtifactStore,
    listed: set[str],
    thing: str,
    revision: Revision,
    round_: Round,
) -> Iterator[Problem]:
    labels = session.execute(
        select(RevisedLabel.position, RevisedLabel.report_text, Label.name, Label.report_text)
        .join(Label, Label.id == RevisedLabel.label_id)
        .where(RevisedLabel.revision_id == revision.id)
        .order_by(RevisedLabel.position)
    ).all()
    applied = revision.label_set is not None
    if [row[0] for row in labels] != list(range(round_.image_count if applied else len(labels))):
        problem = f"its {len(labels)} labels do not have the orders of {round_.image_count} images."
        yield Problem(thing, problem, RESTORE)
    if revision.number == round_.revision:
        others = [name for _, report, name, present in labels if report != present]
        if others or not applied:
            problem = f"it is the present one, and label {others[0] if others else 'set'} is another."
            yield Problem(thing, problem, RESTORE)
    if revision.number == 0:
        return
    key = revision_key(round_.run_id, round_.number, revision.number, revision.created_at)
    names = [file_name(name, "reason") for _, _, name, _ in labels]
    absent = [name for name in names if f"{key}/{name}" not in listed and not artifacts.holds(key, name)]
    if absent:
        problem = f"{len(absent)} files are missing in {artifacts.url}/{key}, such as {absent[0]}."
        yield Problem(thing, problem, RESTORE)
