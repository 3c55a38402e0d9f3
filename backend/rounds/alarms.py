"""What looks wrong about the labels of a round, each with the numbers that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.tables import Dataset, Image
from backend.rounds.schemas import Alarm, ClassSummary, RoundRead
from backend.runs.tables import Run
from hiast.selection.instance_adaptive import HIGHEST_THRESHOLD

_COLLAPSED: Final = 1 / 3
"""Of what it was in the round before."""
_FEW_IMAGES: Final = 0.02
_ENOUGH_LABELS: Final = 8
"""Before that, a class may be rare by chance."""
_NAMED: Final = 10
"""Images an alarm names at most."""


def alarms_of(
    round_: RoundRead, before: RoundRead | None, classes: Sequence[ClassSummary], shared: Sequence[str]
) -> list[Alarm]:
    """The generator's own alarms first. `shared`: images that are both trained and validated on."""
    found = [
        Alarm(kind="unseen", sentence=sentence)
        for sentence in (round_.label_set.alarms if round_.label_set else [])
    ]
    if shared:
        found.append(
            Alarm(
                kind="validation",
                sentence=f"{len(shared)} images are trained and validated on: scores on them say nothing "
                f"about other images. The first is {shared[0]}.",
                images=list(shared[:_NAMED]),
            )
        )
    if round_.label_count >= _ENOUGH_LABELS:
        predicted = max(1, sum(row.predicted_pixels for row in classes))
        for row in classes:
            found += _class_alarms(row, round_, before, predicted)
    return found


def _class_alarms(
    row: ClassSummary, round_: RoundRead, before: RoundRead | None, predicted: int
) -> list[Alarm]:
    if row.kept_pixels == 0:
        return []  # the generator says so itself
    found: list[Alarm] = []

    def add(kind: str, sentence: str) -> None:
        values = {"kind": kind, "class_id": row.class_id, "class_name": row.name, "sentence": sentence}
        found.append(Alarm.model_validate(values))

    share = row.predicted_pixels / predicted
    if before is not None and before.label_set is not None:
        counts = before.label_set.class_predicted_pixels
        share_before = counts[row.class_id] / max(1, sum(counts))
        if share < _COLLAPSED * share_before:
            add(
                "forgotten",
                f"is predicted on {_percent(share, 2)} of all pixels, on {_percent(share_before, 2)} in "
                f"round {before.number}: the student is forgetting it.",
            )
        if row.previous_kept_share and row.kept_share < _COLLAPSED * row.previous_kept_share:
            add(
                "kept_share",
                f"keeps {_percent(row.kept_share)} of its pixels, {_percent(row.previous_kept_share)} in "
                f"round {before.number}: the student will hardly see it.",
            )
    if row.threshold >= HIGHEST_THRESHOLD:
        add(
            "cap",
            f"has its threshold at the cap of {HIGHEST_THRESHOLD}: {_percent(share)} of all pixels are of "
            f"it, and only the surest {_percent(row.kept_share)} of those are kept.",
        )
    if row.images <= max(1, _FEW_IMAGES * round_.label_count):
        add(
            "starving",
            f"is kept on {row.images} of {round_.label_count} images, {row.kept_pixels:,} pixels in all: "
            "it starves. Accept such images before others, or lower its threshold.",
        )
    return found


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def shared_images(session: Session, run: Run) -> list[str]:
    """Names of target images whose files are also in the validation set of the run."""
    if run.validation_id is None:
        return []
    if run.validation_id == run.target_id:
        query = select(Image.name).where(Image.dataset_id == run.target_id, Image.problem.is_(None))
        return list(session.scalars(query.order_by(Image.position)))
    validation = {path for path, _ in _files(session, run.validation_id)}
    return [name for path, name in _files(session, run.target_id) if path in validation]


def _files(session: Session, dataset_id: int) -> list[tuple[str, str]]:
    """(full path, name) of the images of a data set, in order."""
    root = session.get_one(Dataset, dataset_id).spec.root.rstrip("/")
    query = select(Image.image_path, Image.name).where(
        Image.dataset_id == dataset_id, Image.problem.is_(None)
    )
    rows = session.execute(query.order_by(Image.position))
    return [(f"{root}/{path}", name) for path, name in rows]
