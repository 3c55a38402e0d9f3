"""Callbacks without a browser."""

from __future__ import annotations

import inspect
import typing

import gradio as gr
import pytest

from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import binding, datasets, jobs, runs


def test_overrides_are_json_where_they_parse_and_words_otherwise() -> None:
    lines = (
        "training.iterations=200\n\n selection.alpha = 0.4 \nmodel.weights=bundled:streets\nreview=false"
    )
    assert runs.parse_overrides(lines) == {
        "training.iterations": 200,
        "selection.alpha": 0.4,
        "model.weights": "bundled:streets",
        "review": False,
    }


@pytest.mark.parametrize("line", ["training.iterations", "=3"])
def test_an_override_without_key_or_value_is_refused(line: str) -> None:
    with pytest.raises(ApiError, match="is not key=value"):
        runs.parse_overrides(line)


def test_a_data_set_the_schema_refuses_is_told_before_it_is_sent() -> None:
    client = ApiClient("http://127.0.0.1:1")
    with pytest.raises(ApiError, match="needs `split`"):
        datasets.register_dataset(client, "x", "camvid", "/data", "", True, "source", 60)


def test_a_refusal_becomes_an_escaped_message() -> None:
    def refuse(_client: ApiClient) -> None:
        raise ApiError("no <b>")

    with pytest.raises(gr.Error) as shown:
        binding.bound(refuse, ApiClient("http://127.0.0.1:1"))()
    assert shown.value.message == "no &lt;b&gt;"


def test_a_bound_callback_still_asks_for_gradios_request() -> None:
    call = binding.bound(jobs.open_page, ApiClient("http://127.0.0.1:1"))
    assert list(inspect.signature(call).parameters) == ["request"]
    assert typing.get_type_hints(call)["request"] is gr.Request


def test_only_what_changed_is_drawn_again() -> None:
    *first, shown = binding.only_changes([], "a", "b")
    assert first == ["a", "b"]
    *second, shown = binding.only_changes(shown, "a", "c")
    assert second == [gr.skip(), "c"]
