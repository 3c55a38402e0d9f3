"""A round in words: its heading, and what approving it means."""

from __future__ import annotations

from backend.rounds.schemas import Approval, RoundRead
from backend.runs.schemas import RunRead
from frontend_gradio.views.class_flow import ClassFlow
from frontend_gradio.views.markup import UI, link, notice, percent, progress_bar, state_chip, text


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


def approval_question(round_: RoundRead, *, changed: bool = False) -> str:
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
        f"<b>{counts.rejected} rejected</b> are excluded.</p><ul>{items}</ul>"
        "<p>Labels cannot be reviewed any more once training has begun.</p></div>"
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
