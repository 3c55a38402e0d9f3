"""What people see of a round and can do with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.corrections.decisions import totals
from backend.corrections.preview import training_preview
from backend.corrections.repository import count_versions
from backend.entity_tags import asks_for, tag_of
from backend.errors import ConflictError, PreconditionFailedError
from backend.revisions.repository import selection_of
from backend.rounds import repository
from backend.rounds.alarms import alarms_of, shared_images
from backend.rounds.schemas import (
    Alarm,
    Approval,
    ClassSummary,
    ReviewCounts,
    RoundRead,
    ThresholdTrajectory,
)
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs.tables import Run
from hiast.contracts.reports import LabelReport


def read_round(session: Session, round_: Round) -> RoundRead:
    """The round as it travels."""
    return read_rounds(session, [round_])[0]


def read_rounds(session: Session, rounds: Sequence[Round]) -> list[RoundRead]:
    """Rounds as they travel, with one query for all of them."""
    counts = repository.count_by_status(session, [round_.id for round_ in rounds])
    changed = totals(session, rounds)
    return [
        RoundRead.model_validate(
            {
                **{name: getattr(round_, name, None) for name in RoundRead.model_fields},
                "label_count": sum(counts[round_.id].values()),
                "reviews": ReviewCounts(**counts[round_.id]),
                "vetoed_classes": round_.vetoed_classes or [],
                "decisions": changed[round_.id],
            },
            from_attributes=True,
        )
        for round_ in rounds
    ]


def threshold_trajectory(session: Session, round_id: int) -> ThresholdTrajectory:
    """θ after every image of the round, in labelling order."""
    round_ = repository.get_round(session, round_id)
    run = session.get_one(Run, round_.run_id)
    labels = repository.labels_in_order(session, round_id)
    return ThresholdTrajectory(
        round_id=round_id,
        classes=list(run.class_space.classes),
        label_ids=[label.id for label in labels],
        image_names=[label.name for label in labels],
        thresholds=[label.report.thresholds for label in labels],
        kept_shares=[label.kept_share for label in labels],
    )


def _pixel_totals(reports: list[LabelReport], num_classes: int) -> tuple[list[int], list[int], list[int]]:
    """Predicted pixels, kept pixels and labels that hold the class, per class."""
    predicted = np.zeros((len(reports), num_classes), np.int64)
    kept = np.zeros_like(predicted)
    for index, report in enumerate(reports):
        predicted[index], kept[index] = report.predicted_pixels, report.kept_pixels
    return predicted.sum(0).tolist(), kept.sum(0).tolist(), (kept > 0).sum(0).tolist()


def class_summaries(session: Session, round_id: int) -> list[ClassSummary]:
    """Every class of the round, from the labels written so far."""
    round_ = repository.get_round(session, round_id)
    run = session.get_one(Run, round_.run_id)
    space, selection = run.class_space, selection_of(session, round_, run.spec.selection)
    reports = [label.report for label in repository.labels_in_order(session, round_id)]
    predicted, kept, images = _pixel_totals(reports, space.num_classes)
    thresholds = reports[-1].thresholds if reports else [selection.initial_threshold] * space.num_classes
    values = reports[-1].class_values if reports else [0.0] * space.num_classes
    previous = repository.previous_round(session, round_)
    before = previous.label_set if previous else None
    done = round_.label_set

    def _share(part: int, whole: int) -> float:
        return part / whole if whole else 0.0

    return [
        ClassSummary(
            class_id=c,
            name=space.classes[c],
            colour=space.colours[c],
            threshold=thresholds[c],
            selected_share=(
                selection.alpha * thresholds[c] ** selection.gamma if selection.policy == "ias" else None
            ),
            predicted_pixels=predicted[c],
            kept_pixels=kept[c],
            kept_share=_share(kept[c], predicted[c]),
            previous_kept_share=(
                _share(before.class_kept_pixels[c], before.class_predicted_pixels[c]) if before else None
            ),
            class_value=values[c],
            hard=done is not None and c in done.hard_classes,
            sampling_probability=done.sampling_probabilities[c] if done else 0.0,
            images=images[c],
        )
        for c in range(space.num_classes)
    ]


def read_alarms(session: Session, round_id: int) -> list[Alarm]:
    """What looks wrong about the labels written so far."""
    round_ = repository.get_round(session, round_id)
    previous = repository.previous_round(session, round_)
    shared = shared_images(session, session.get_one(Run, round_.run_id))
    before = read_round(session, previous) if previous else None
    return alarms_of(read_round(session, round_), before, class_summaries(session, round_id), shared)


def etag(session: Session, shown: RoundRead) -> str:
    """The round's entity tag: another one after every decision on its labels, whatever is drawn over them,
    and every change of state.

    Counts alone would not do: one label accepted and reset again leaves them as they were.
    """
    return tag_of(shown, repository.sum_of_versions(session, shown.id), count_versions(session, shown.id))


def approve(session: Session, round_id: int, person: str, if_match: str | None = None) -> Approval:
    """Let the student train on the round's labels, without the rejected ones.

    Raises PreconditionFailedError when `if_match` is given and no longer the round's entity tag.
    """
    round_ = repository.get_round(session, round_id)
    # Two approvals at once must start one training.
    run = progression.lock_run(session, round_.run_id)
    session.refresh(round_, with_for_update=True)
    shown = read_round(session, round_)
    if if_match is not None and not asks_for(if_match, etag(session, shown)):
        counts = ", ".join(f"{number} {status}" for status, number in shown.reviews)
        raise PreconditionFailedError(
            f"round {round_.number} has changed since it was read: it is {shown.state}; {counts}.",
            where="If-Match",
            remedy=f"Read it again (GET /api/v1/rounds/{round_id}) and approve what it is now.",
        )
    if round_.state != "reviewing":
        raise ConflictError(
            f"round {round_.number} is {round_.state}, not waiting for review.",
            remedy="Wait until its revision is applied, or cancel that job."
            if round_.state == "revising"
            else "A round can be approved once, when all its images are labelled.",
        )
    rejected = shown.reviews.rejected
    if rejected == shown.label_count:
        raise ConflictError(
            f"all {rejected} labels of round {round_.number} are rejected.",
            remedy="Accept at least one, or cancel the run.",
        )
    preview = training_preview(session, round_id)
    if shown.decisions.labels and not any(row.trained_pixels for row in preview.classes):
        raise ConflictError(
            f"with these decisions no pixel of round {round_.number} is left to train on.",
            remedy="Veto fewer classes, or delete corrections that set everything to ignored.",
        )
    job = progression.start_training(session, run, round_, approved_by=person)
    approval = read_approval(session, round_id, job.id)
    after = {"state": round_.state, **approval.model_dump(include={"training_images", "excluded_images"})}
    record(session, person, "round.approve", "round", round_id, before={"state": "reviewing"}, after=after)
    return approval


def read_approval(session: Session, round_id: int, job_id: int) -> Approval:
    """The approval as it travels. Labels of an approved round do not change, so neither does this."""
    round_ = read_round(session, repository.get_round(session, round_id))
    excluded = round_.reviews.rejected
    return Approval(
        round=round_,
        job_id=job_id,
        training_images=round_.label_count - excluded,
        excluded_images=excluded,
    )
