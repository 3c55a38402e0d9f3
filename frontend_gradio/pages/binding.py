"""How callbacks get their client and show the API's refusals, and how a refresh leaves alone what is
unchanged on the screen."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from hashlib import sha1
from html import escape
from typing import Any

import gradio as gr

from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.visitor import identity_of


def bound(function: Callable[..., Any], client: ApiClient, *, seconds: float = 10) -> Callable[..., Any]:
    """`function` with its first argument filled in: a client that calls as the visitor, never as the
    server. An ApiError becomes a message on the screen that stays for `seconds`.

    The signature, with the visitor's gr.Request in place of the client, is set by hand because Gradio
    reads it to know where to pass its own gr.Request (it cannot look through functools.partial).
    """

    def call(visitor: gr.Request, *args: Any) -> Any:
        try:
            return function(client.as_visitor(identity_of(visitor.request)), *args)
        except ApiError as error:
            raise gr.Error(escape(error.detail), duration=seconds, print_exception=False) from error

    own = inspect.Parameter("visitor", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [own, *list(inspect.signature(function).parameters.values())[1:]]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    hints = typing.get_type_hints(function)
    call.__annotations__ = {parameter.name: hints.get(parameter.name, Any) for parameter in parameters}
    call.__annotations__["visitor"] = gr.Request
    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    return call


def only_changes(shown: list[str], *values: Any) -> list[Any]:
    """The values, those already on the screen replaced by "leave it", then the new fingerprints.

    `shown`: fingerprints of what is on the screen, empty before the first drawing. Keeps scrolling,
    selection and zoom of everything that did not change.
    """
    fingerprints = [_fingerprint(value) for value in values]
    known = shown if len(shown) == len(values) else [""] * len(values)
    updates = [
        gr.skip() if fingerprint == before else value
        for value, fingerprint, before in zip(values, fingerprints, known, strict=True)
    ]
    return [*updates, fingerprints]


def _fingerprint(value: Any) -> str:
    content = value.to_json() if hasattr(value, "to_json") else repr(value)
    return sha1(content.encode(), usedforsecurity=False).hexdigest()
