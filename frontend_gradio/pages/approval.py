"""The approve button and its question, shared by Round and Inspect."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import gradio as gr

from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import live_html
from frontend_gradio.views import round_summary


def build(
    client: ApiClient, round_id: gr.Number, button: gr.Button, *, id_from_browser: str = ""
) -> gr.events.Dependency:
    """Wire `button` to the question of the round in `round_id`; answers the event of the approval.

    `id_from_browser`: JavaScript returning the id, where the browser rather than the server knows it.
    """
    with gr.Column(visible=False, elem_id="approval", elem_classes="st-modal") as panel:
        question = live_html("approval-question", module="modal")
        with gr.Row(elem_classes="st-buttons"):
            confirm = gr.Button("Approve and train", variant="primary", elem_id="approve-confirm")
            back = gr.Button("Back to review", elem_id="approve-back")
    asked, seen = gr.Number(visible=False, precision=0), gr.State("")
    shown = [panel, question, asked, seen]
    button.click(bound(ask, client), [round_id], shown, js=id_from_browser or None, **_QUIET)
    done = confirm.click(bound(approve, client), [asked, seen], shown, **_QUIET)
    back.click(close, None, [panel], **_QUIET)
    return done


_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def ask(client: ApiClient, round_id: int | None, *, again: bool = False) -> tuple[Any, ...]:
    """Open the question with the counts of this moment. `again`: they are not those asked with before."""
    if not round_id:
        gr.Warning("No round is open.", title="")
        return _closed()
    round_, tag = client.round_and_tag(int(round_id))
    if not round_summary.can_approve(round_):
        gr.Warning(f"Round {round_.number} is {round_.state}; only a round in review can be approved.")
        return _closed()
    preview = client.training_preview(round_.id)
    question = round_summary.approval_question(round_, preview, changed=again)
    return gr.update(visible=True), question, round_.id, tag


def approve(client: ApiClient, round_id: int, seen: str) -> tuple[Any, ...]:
    """Start training and close the question; ask again when the round is not as it was `seen`."""
    try:
        approval = client.approve_round(int(round_id), seen)
    except ApiError as error:
        if error.status != HTTPStatus.PRECONDITION_FAILED:
            raise
        return ask(client, round_id, again=True)
    gr.Info(round_summary.approval_words(approval), title="")
    return _closed()


def _closed() -> tuple[Any, ...]:
    return gr.update(visible=False), gr.skip(), gr.skip(), gr.skip()


def close() -> Any:
    """Close the question."""
    return gr.update(visible=False)
