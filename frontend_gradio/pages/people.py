"""People, on the settings page: accounts and their roles, for admins."""

from __future__ import annotations

from typing import Any

import gradio as gr
from pydantic import ValidationError

from backend.auth.schemas import UserChange, UserCreate, WhoAmI
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages.binding import bound
from frontend_gradio.pages.page_parts import GO_TO, plain_html
from frontend_gradio.theme import SIGN_IN_PATH
from frontend_gradio.views import account_tables

ROLES = (
    ("Viewer: looks at everything", "viewer"), ("Reviewer: decides on labels", "reviewer"),
    ("Operator: runs, jobs, data sets", "operator"), ("Admin: people", "admin"),
)  # fmt: skip
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(client: ApiClient, blocks: gr.Blocks) -> None:
    """The section's components and what they do."""
    with gr.Column(visible=False, elem_id="people") as section:
        plain_html('<div class="st-heading small"><h2>People</h2></div>')
        people = plain_html()
        with gr.Row(elem_classes="st-fields"):
            chosen = gr.Dropdown(label="Person", elem_id="person", filterable=False)
            new_role = gr.Dropdown(list(ROLES), label="New role", elem_id="new-role", filterable=False)
            new_password = gr.Textbox(
                label="New password", type="password", elem_id="new-password", max_lines=1
            )
            change = gr.Button("Change", elem_id="change-person", scale=0)
            activity = gr.Button("Deactivate or activate", elem_id="toggle-person", scale=0)
        with gr.Row(elem_classes="st-fields"):
            name = gr.Textbox(label="Name of somebody new", elem_id="person-name", max_lines=1)
            role = gr.Dropdown(
                list(ROLES), value="reviewer", label="Role", elem_id="role", filterable=False
            )
            password = gr.Textbox(
                label="Password, 10 characters or more", type="password", elem_id="person-password"
            )
            add = gr.Button("Add", variant="primary", elem_id="add-person", scale=0)
    go_to = gr.Textbox(visible=False)
    drawn = [section, people, chosen, role]
    blocks.load(bound(open_section, client), None, drawn, **_QUIET)
    refresh = {"fn": bound(open_section, client), "inputs": None, "outputs": drawn} | _QUIET
    changed = change.click(
        bound(change_person, client), [chosen, new_role, new_password], [new_role, new_password], **_QUIET
    )
    changed.success(**refresh)
    activity.click(bound(toggle_person, client), [chosen], None, **_QUIET).success(**refresh)
    added = add.click(bound(add_person, client), [name, role, password], [name, password, go_to], **_QUIET)
    added.success(**refresh)
    leave = f"(url) => {{ if (url) ({GO_TO})(url); }}"
    go_to.change(None, [go_to], None, js=leave, api_visibility="private")


def may_manage(who: WhoAmI) -> bool:
    """Is this section for the visitor?"""
    return "administer" in who.permissions


def open_section(client: ApiClient) -> list[Any]:
    """Draw the accounts, for admins."""
    who = client.who()
    if not may_manage(who):
        return [gr.update(visible=False), *[gr.skip()] * 3]
    users = client.users().items
    choices = [(user.name, user.id) for user in users]
    role = gr.update(value="admin", interactive=False) if who.local else gr.update(interactive=True)
    return [
        gr.update(visible=True),
        account_tables.people_table(users),
        gr.update(choices=choices),
        role,
    ]


def add_person(client: ApiClient, name: str, role: Any, password: str) -> tuple[str, str, str]:
    """Make the account. After the first one even its maker must sign in."""
    first = client.who().local
    try:
        create = UserCreate(name=name, role=role, password=password or None)
    except ValidationError as error:
        raise ApiError(_faults(error)) from error
    client.create_user(create)
    return "", "", SIGN_IN_PATH if first else ""


def change_person(client: ApiClient, user_id: int | None, role: Any, password: str) -> tuple[None, str]:
    """Give somebody another role, another password, or both."""
    if not role and not password:
        raise ApiError("Choose a new role or type a new password first.")
    try:
        change = UserChange(role=role or None, password=password or None)
    except ValidationError as error:
        raise ApiError(_faults(error)) from error
    client.change_user(_chosen(user_id), change)
    return None, ""


def toggle_person(client: ApiClient, user_id: int | None) -> None:
    """Deactivate somebody who is active, activate somebody who is not."""
    chosen = _chosen(user_id)
    user = next(user for user in client.users().items if user.id == chosen)
    client.change_user(user.id, UserChange(active=not user.active))


def _chosen(user_id: int | None) -> int:
    if not user_id:
        raise ApiError("Choose a person first.")
    return int(user_id)


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    )
