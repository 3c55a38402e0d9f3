"""A round in words: its heading, and what approving it means."""

from __future__ import annotations

from backend.corrections.schemas import TrainingPreview
from backend.rounds.schemas import Approval, RoundRead
from backend.runs.schemas import RunRead
from frontend_gradio.views.class_flow import ClassFlow
from frontend_gradio.views.markup import (
    UI,
    cells,
    link,
    notice,
    percent,
    progress_bar,
    state_chip,
    table,
    text,
)


def round_heading(round_: RoundRead, run: RunRead) -> str:
    """Path, state, counts, the rounds beside this one."""
    others = "".join(
        link(f"{UI}/round?round={other.id}", f"Round {other.number}", _tab(other, round_))
        for other in run.rounds
    )
    path = f"{link(f'{UI}/', 'Runs')} / {link(f'{UI}/?run={run.id}', run.name)}"
    return (
        f'<div class="st-heading"><small>{path}</small>'
        f'<h1>Round {round_.number} <span id="round-state">{state_chip(round_.state)}</span>'
        f'<span class="st-tabs">{others}</span></h1>'
        f'<p class="st-facts">{_facts(round_)}</p></div>'
    )


def _tab(other: RoundRead, shown: RoundRead) -> str:
    return "current" if other.id == shown.id else ""


def _facts(round_: RoundRead) -> str:
    counts = round_.reviews
    facts = []
    if round_.label_count < round_.image_count:
        facts.append(f"{progress_bar(round_.label_count, round_.image_count)} labelling")
    facts += [
        f"{round_.label_count} of {round_.image_count} labels",
        f"kept {percent(round_.label_set.kept_share if round_.label_set else None)}",
        f"{counts.accepted} accepted",
        f"{counts.rejected} rejected",
        f"{counts.skipped} skipped",
        f"{counts.unreviewed} unreviewed",
    ]
    if round_.revision:
        facts.append(f"revision {round_.revision}")
    if round_.evaluation:
        facts.append(f"mIoU {percent(round_.evaluation.mean_iou)}")
    if round_.approved_by:
        facts.append(f"approved by {text(round_.approved_by)}")
    return "".join(f"<span>{fact}</span>" for fact in facts)


def can_approve(round_: RoundRead) -> bool:
    """Whether the round waits for a person's word."""
    return round_.state == "reviewing"


def approve_words(round_: RoundRead) -> str:
    """The button: how many labels the next training would see."""
    if not can_approve(round_):
        return "Approve round"
    return f"Approve round ({round_.label_count - round_.reviews.rejected} labels)…"


def approval_question(round_: RoundRead, preview: TrainingPreview, *, changed: bool = False) -> str:
    """What the round will train on, asked before it does. `changed`: somebody has decided meanwhile."""
    counts = round_.reviews
    used = round_.label_count - counts.rejected
    rows = [
        ("accepted", counts.accepted, "used"),
        ("unreviewed", counts.unreviewed, "used"),
        ("skipped", counts.skipped, "used"),
        ("rejected", counts.rejected, "excluded"),
    ]
    items = "".join(f"<li><b>{n}</b> {status}<span>{role}</span></li>" for status, n, role in rows)
    news = "Somebody has decided meanwhile. Nothing was approved; these are the counts of now."
    return (
        f'<div class="st-question"><h2>Approve round {round_.number}?</h2>'
        f"{notice(news, 'attention') if changed else ''}"
        f'<p id="approval-summary">The student will train on <b>{used} images</b>; '
        f"<b>{counts.rejected} rejected</b> are excluded.</p><ul>{items}</ul>{_trained_table(preview)}"
        "<p>Labels cannot be reviewed any more once training has begun.</p></div>"
    )


_TRAINED_HEADS = ("Images", "Pixels", "Decided", "Pull", "Before", "Pasted")


def _trained_table(preview: TrainingPreview) -> str:
    """What the training would see of every class, beside the round before."""
    pull = sum(row.influence.seg for row in preview.classes)
    before = sum(row.previous_influence.seg for row in preview.classes if row.previous_influence)
    heads = [("Class", ""), *((name, "num") for name in _TRAINED_HEADS)]
    rows = []
    for row in preview.classes:
        decided = row.trained_pixels - row.kept_pixels
        was = row.previous_influence
        rows.append(
            f'<tr id="trained-{row.class_id}">'
            + cells(
                (text(row.name) + (' <span class="st-muted">vetoed</span>' if row.vetoed else ""), ""),
                (f"{row.trained_images:,}", "num"),
                (f"{row.trained_pixels:,}", "num"),
                (f"{decided:+,}" if decided else "–", "num"),
                (percent(row.influence.seg / pull if pull else None), "num"),
                (percent(was.seg / before if was and before else None), "num"),
                (f"{percent(row.paste_probability)} of {row.donors}" if row.donors else "–", "num"),
            )
            + "</tr>"
        )
    note = (
        "Decided: pixels that corrections, vetoes and rejections add or take. Pull: share of the class in "
        "the segmentation loss. Pasted: how often it is drawn, and from how many images."
    )
    shown = table(heads, rows, table_id="trained-table", css_class="dense named")
    return (
        '<div class="st-trained" tabindex="0" role="region" aria-label="What is trained on">'
        f'{shown}</div><p class="st-muted">{note}</p>'
    )


def approval_words(approval: Approval) -> str:
    """What was started."""
    return (
        f"Round {approval.round.number} trains on {approval.training_images} images, "
        f"{approval.excluded_images} excluded (job {approval.job_id})."
    )


def flow_words(flow: ClassFlow) -> str:
    """The flow over all classes, and what it was measured on."""
    parts = (
        ("kept as before", flow.same),
        ("ignored → kept", flow.gained),
        ("flipped to another class", flow.flipped),
        ("dropped: kept → ignored", flow.dropped),
    )
    shares = "".join(
        f"<span>{words} {percent(count / max(1, flow.pixels))}</span>" for words, count in parts
    )
    return (
        f'<p class="st-facts" id="flow-words"><b>All classes, of all pixels</b>{shares}'
        f"<span>measured on {flow.images} of {flow.of_images} images</span></p>"
    )
