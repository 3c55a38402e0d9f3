"""Callbacks without a browser."""

from __future__ import annotations

import inspect
import typing

import gradio as gr
import pytest
from fastapi import Request

from backend.datasets.schemas import DatasetCreate
from frontend_gradio.api_client import ApiClient, ApiError
from frontend_gradio.pages import binding, datasets, refreshing, runs
from hiast.contracts.datasets import DatasetKind


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
        datasets.register_dataset(
            client, "x", "camvid", "/data", "", True, "source", 60, "train", False, "auto"
        )


class _Recorder:
    """An API client that keeps what it is asked to register."""

    def create_dataset(self, create: DatasetCreate) -> DatasetCreate:
        self.id, self.spec = 5, create.spec
        return self  # type: ignore[return-value]


@pytest.mark.parametrize("kind", typing.get_args(DatasetKind))
def test_the_form_registers_every_kind_without_the_fields_it_hides(kind: DatasetKind) -> None:
    client = _Recorder()
    # Everything filled in, as after a look at the other kinds.
    fields = (" list.txt ", False, "target", 7, "val", True, "pixels")
    address = datasets.register_dataset(client, " x ", kind, " /data ", *fields)  # type: ignore[arg-type]
    spec = client.spec
    assert address == "/ui/datasets?dataset=5"
    assert (spec.kind, spec.root, spec.labelled, spec.check) == (kind, "/data", False, "pixels")
    assert spec.split == {"camvid": "list.txt", "cityscapes": "val", "robotcar": "val"}.get(kind)
    assert spec.class_space == ("robotcar" if kind in ("cityscapes", "gta5", "synthia") else None)
    assert (spec.streets is not None) == (kind == "streets")


def test_every_kind_is_offered_with_its_layout_and_parts() -> None:
    assert {kind for _, kind in datasets.KINDS} == set(typing.get_args(DatasetKind))
    layout, list_file, split, nine_classes, streets = datasets.show_kind("robotcar")
    assert "anno/" in layout
    assert split == gr.update(visible=True, choices=["train", "val"], value="train")
    assert not list_file["visible"]
    assert not nine_classes["visible"]
    assert not streets["visible"]


def test_a_refusal_becomes_an_escaped_message() -> None:
    def refuse(_client: ApiClient) -> None:
        raise ApiError("no <b>")

    with pytest.raises(gr.Error) as shown:
        binding.bound(refuse, ApiClient("http://127.0.0.1:1"))(gr.Request())
    assert shown.value.message == "no &lt;b&gt;"


def test_a_bound_callback_asks_for_the_visitor_and_still_for_its_own_request() -> None:
    def own(client: ApiClient, request: gr.Request) -> None: ...

    call = binding.bound(own, ApiClient("http://127.0.0.1:1"))
    assert list(inspect.signature(call).parameters) == ["visitor", "request"]
    assert typing.get_type_hints(call) == {"visitor": gr.Request, "request": gr.Request}


def test_a_bound_callback_calls_as_the_visitor() -> None:
    def identity(client: ApiClient) -> dict[str, str]:
        return client._identity

    client = ApiClient("http://127.0.0.1:1")
    scope = {"type": "http", "client": ("192.0.2.7", 1), "headers": [(b"cookie", b"studio_session=abc")]}
    known = binding.bound(identity, client)(gr.Request(Request(scope)))
    assert known == {"Cookie": "studio_session=abc", "X-Forwarded-For": "192.0.2.7"}
    # Nobody is nobody, and what one visitor is does not stay for the next.
    assert binding.bound(identity, client)(gr.Request()) == {"X-Forwarded-For": "unknown"}
    assert client._identity == {}


def test_only_what_changed_is_drawn_again() -> None:
    *first, shown = binding.only_changes([], "a", "b")
    assert first == ["a", "b"]
    *second, shown = binding.only_changes(shown, "a", "c")
    assert second == [gr.skip(), "c"]


@pytest.mark.parametrize(
    ("search", "word", "number"),
    [
        ("", None, None),
        ("?run=7&state=failed", "failed", 7),
        ("?run=x&state=", None, None),
        ("?run=%EF%BC%97", None, None),
    ],
)
def test_the_address_names_what_is_drawn(search: str, word: str | None, number: int | None) -> None:
    query = refreshing.Query(search)
    assert query.word("state") == word
    assert query.id("run") == number
