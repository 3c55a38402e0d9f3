"""Your password, on the settings page: for those who sign in with one."""

from __future__ import annotations

from typing import Any

import gradio as gr
from pydantic import ValidationError

from backend.auth.schemas import PasswordChange, WhoAmI
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import plain_html

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient) -> list[Any]:
    """The section's components and what they do; answers those `draw` fills."""
    with gr.Column(visible=False, elem_id="own-password") as section:
        plain_html('<div class="st-heading small"><h2>Your password</h2></div>')
        with gr.Row(elem_classes="st-fields"):
            present = gr.Textbox(
                label="Present password", type="password", elem_id="present-password", max_lines=1
            )
            new = gr.Textbox(
                label="New one, 10 characters or more", type="password", elem_id="own-new", max_lines=1
            )
            change = gr.Button("Change password", elem_id="change-password", scale=0)
    change.click(bound(change_password, client), [present, new], [present, new], **_QUIET)
    return [section]


def draw(_client: ApiClient, who: WhoAmI) -> list[Any]:
    """The section, for everybody with an account."""
    return [gr.update(visible=not who.local)]


def change_password(client: ApiClient, present: str, new: str) -> tuple[str, str]:
    """Change the visitor's password and empty the fields."""
    try:
        change = PasswordChange(present=present, new=new)
    except ValidationError as error:
        raise ApiError("The new password needs 10 to 1,000 characters.") from error
    client.change_own_password(change)
    gr.Info("Your password is changed. Other browsers must sign in again.")
    return "", ""
