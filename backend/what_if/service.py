"""What other settings of the selection would have kept of a round: its counts, replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from backend.artifacts import ArtifactStore, round_key
from backend.datasets.tables import Image
from backend.labels.tables import Label
from backend.revisions.repository import find
from backend.revisions.tables import RevisedLabel
from backend.rounds.counts import counts_file, finished_labels
from backend.rounds.repository import get_round
from backend.runs.tables import Run
from backend.what_if.schemas import ThresholdBand, WhatIf, WhatIfClass, WhatIfRead
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import PasteSpec, SelectionSpec
from hiast.data.histogram_files import read_histograms
from hiast.pasting import class_sampling_probabilities, hard_classes
from hiast.selection.image_order import changed_order, shuffled_order
from hiast.selection.replay import CountedRound, Replay, replay_selection

BAND_POINTS: Final = 200


@dataclass(frozen=True)
class LabelledRound:
    """A finished label set, its run's settings, and its images in the order the round was labelled in."""

    id: int
    number: int
    key: str
    selection: SelectionSpec
    paste: PasteSpec
    classes: ClassSpace
    label_set: LabelSetReport
    first_thresholds: list[float]
    """Of its first image."""
    label_ids: list[int]
    pixels: NDArray[np.int64]
    places: NDArray[np.int64]
    """The images in data set order, as places in the labelling order."""


def labelled_round(session: Session, round_id: int) -> LabelledRound:
    """Read what a replay needs besides the counts, which are in the order of the labels as they were made,
    whatever revision they are of. Raises ConflictError while labels are being made."""
    round_ = get_round(session, round_id)
    label_set = finished_labels(round_)
    run = session.get_one(Run, round_.run_id)
    made = find(session, round_id, 0)
    made_labels = select(RevisedLabel).where(RevisedLabel.revision_id == (made.id if made else 0))
    as_made = aliased(RevisedLabel, made_labels.subquery())
    query = (
        select(Label.id, Label.height * Label.width, Image.position)
        .join(Image, Image.id == Label.image_id)
        .outerjoin(as_made, as_made.label_id == Label.id)
        .where(Label.round_id == round_id)
        .order_by(func.coalesce(as_made.position, Label.position))
    )
    ids, pixels, positions = zip(*session.execute(query).all(), strict=True)
    first = session.get_one(RevisedLabel, (made.id, ids[0])) if made else session.get_one(Label, ids[0])
    return LabelledRound(
        id=round_.id,
        number=round_.number,
        key=round_key(round_.run_id, round_.number),
        selection=run.spec.selection,
        paste=run.spec.paste,
        classes=run.class_space,
        label_set=label_set,
        first_thresholds=first.report.thresholds,
        label_ids=list(ids),
        pixels=np.array(pixels, np.int64),
        places=np.argsort(np.array(positions), kind="stable"),
    )


def what_if(labelled: LabelledRound, artifacts: ArtifactStore, asked: WhatIf) -> WhatIfRead:
    """Replay the round with other settings. Raises UserError for settings that do not fit the round."""
    selection = asked.apply_to(labelled.selection)
    counted = _counted(labelled, artifacts)
    order = changed_order(asked, labelled.places, labelled.number)
    replay = _replay(labelled, counted, selection, order)
    kept = replay.kept_pixels
    return WhatIfRead(
        round_id=labelled.id,
        images=len(order),
        kept_share=float(kept.sum() / labelled.pixels.sum()),
        was_kept_share=labelled.label_set.kept_share,
        classes=_classes(labelled, replay),
        label_ids=[labelled.label_ids[place] for place in order],
        thresholds=replay.thresholds.tolist(),
        kept_shares=(kept.sum(axis=1) / labelled.pixels[order]).tolist(),
        band=_band(labelled, counted, selection, asked.shuffles) if asked.shuffles else None,
    )


def _counted(labelled: LabelledRound, artifacts: ArtifactStore) -> CountedRound:
    path = counts_file(artifacts, labelled.key, labelled.number)
    counted = CountedRound.of(read_histograms(path))
    if len(counted.images) != len(labelled.label_ids):
        raise UserError(
            f"there are counts of {len(counted.images)} images, and {len(labelled.label_ids)} labels.",
            where=str(path),
            remedy="Restore the file, or start the run again.",
        )
    return counted


def _replay(
    labelled: LabelledRound, counted: CountedRound, selection: SelectionSpec, order: NDArray[np.int64]
) -> Replay:
    return replay_selection(counted, order, selection, labelled.first_thresholds)


def _classes(labelled: LabelledRound, replay: Replay) -> list[WhatIfClass]:
    was, paste = labelled.label_set, labelled.paste
    values, kept = replay.class_values[-1], replay.kept_pixels
    hard = hard_classes(values, paste.hard_classes, paste.excluded) if paste.enabled else []
    donors = [bool(column.any()) for column in kept.T]
    chances = class_sampling_probabilities(values, hard, has_donor=donors)
    totals, images = kept.sum(axis=0), (kept > 0).sum(axis=0)
    return [
        WhatIfClass(
            class_id=c,
            name=name,
            threshold=replay.thresholds[-1, c],
            was_threshold=was.thresholds[c],
            predicted_pixels=was.class_predicted_pixels[c],
            kept_pixels=totals[c],
            was_kept_pixels=was.class_kept_pixels[c],
            kept_images=images[c],
            class_value=values[c],
            was_class_value=was.class_values[c],
            hard=c in hard,
            was_hard=c in was.hard_classes,
            sampling_probability=chances[c],
            was_sampling_probability=was.sampling_probabilities[c],
        )
        for c, name in enumerate(labelled.classes.classes)
    ]


def _band(
    labelled: LabelledRound, counted: CountedRound, selection: SelectionSpec, shuffles: int
) -> ThresholdBand:
    images = len(labelled.places)
    shuffled = (shuffled_order(images, seed, labelled.number) for seed in range(shuffles))
    orders = [labelled.places[order] for order in shuffled]
    trails = np.stack([_replay(labelled, counted, selection, order).thresholds for order in orders])
    at = np.unique(np.linspace(0, images - 1, min(images, BAND_POINTS)).astype(np.int64))
    return ThresholdBand(
        shuffles=shuffles,
        at=(at + 1).tolist(),
        low=trails[:, at].min(axis=0).tolist(),
        high=trails[:, at].max(axis=0).tolist(),
    )
