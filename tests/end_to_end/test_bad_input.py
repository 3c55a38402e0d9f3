"""Faulty files and requests: each answer names the thing and says what to do; nothing stays behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.end_to_end.faulty_files import SIZE, faulty_folder, picture, png, write_pair
from tests.end_to_end.studio_process import TINY, Studio

# What the API refuses does not depend on the servers behind it.
pytestmark = [pytest.mark.services, pytest.mark.parametrize("studio", ["embedded"], indirect=True)]


def _totals(studio: Studio) -> dict[str, int]:
    return {path: studio.get(path)["total"] for path in ("/datasets", "/runs", "/jobs")}


@pytest.fixture
def nothing_is_left_behind(streets: Studio) -> Iterator[None]:
    before = _totals(streets)
    yield
    assert _totals(streets) == before


def _refused(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content = answer.json()
    assert content["status"] == status
    for word in words:
        assert word in content["detail"], content["detail"]


def test_each_faulty_file_is_listed_and_the_rest_stays_usable(studio: Studio) -> None:
    root = studio.home / "faulty"
    expected = faulty_folder(root)
    dataset = studio.register("faulty", {"kind": "folder", "root": str(root)})
    assert (dataset["state"], dataset["error"]) == ("ready", None)
    assert (dataset["image_count"], dataset["faulty_count"]) == (2, len(expected))
    listed = studio.get(f"/datasets/{dataset['id']}/images", problem=True)["items"]
    assert {image["name"] for image in listed} == set(expected)
    for image in listed:
        assert expected[image["name"]] in image["problem"], image["problem"]
    usable = studio.get(f"/datasets/{dataset['id']}/images", problem=False)["items"]
    assert [image["name"] for image in usable] == ["sound_1", "sound_2"]


def test_a_mended_file_is_usable_after_another_scan(studio: Studio) -> None:
    root = studio.home / "mended"
    write_pair(root, "a", picture(), png(np.zeros(SIZE, np.uint8)))
    write_pair(root, "b", picture(), None)
    (root / "classes.json").write_text(json.dumps({"class_space": "streets"}))
    dataset = studio.register("mended", {"kind": "folder", "root": str(root)})
    assert dataset["image_count"] == 1
    ids = {image["name"]: image["id"] for image in studio.get(f"/datasets/{dataset['id']}/images")["items"]}
    (root / "labels" / "b.png").write_bytes(png(np.zeros(SIZE, np.uint8)))
    (root / "images" / "a.png").unlink()
    studio.post(f"/datasets/{dataset['id']}/scan")
    studio.wait_for_dataset(dataset["id"])
    images = studio.get(f"/datasets/{dataset['id']}/images")["items"]
    assert [(image["id"], image["name"], image["problem"]) for image in images] == [(ids["b"], "b", None)]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root.joinpath("classes.json").unlink(), ["classes.json", "missing"]),
        (lambda root: root.joinpath("classes.json").write_text("{"), ["classes.json", "no JSON"]),
        (
            lambda root: root.joinpath("classes.json").write_text('{"class_space": "mars"}'),
            ["mars", "camvid"],
        ),
        (lambda root: root.joinpath("images", "a.png").unlink(), ["no image"]),
    ],
    ids=["no_classes", "broken_classes", "unknown_class_space", "no_image"],
)
def test_a_data_set_that_cannot_be_used_fails_with_a_sentence(
    streets: Studio, make: Any, words: list[str], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    root = streets.home / name
    write_pair(root, "a", picture(), png(np.zeros(SIZE, np.uint8)))
    (root / "classes.json").write_text(json.dumps({"class_space": "streets"}))
    make(root)
    dataset = streets.register(name, {"kind": "folder", "root": str(root)})
    assert (dataset["state"], dataset["image_count"]) == ("failed", 0)
    for word in words:
        assert word in dataset["error"], dataset["error"]
    body = {
        "recipe": "streets_from_scratch",
        "source": "source",
        "target": name,
        "validation": "validation",
    }
    before = _totals(streets)
    with streets.client as client:
        _refused(client.post("/runs", json=body), 409, name, "failed", "Scan it again")
    assert _totals(streets) == before


def test_a_run_on_a_data_set_still_being_scanned_is_refused(streets: Studio) -> None:
    options = {"look": "target", "count": 200, "seed": 1}
    spec = {"kind": "streets", "root": str(streets.home / "slow"), "streets": options}
    dataset = streets.post("/datasets", {"name": "slow", "spec": spec})
    body = {"recipe": "streets_demo", "target": "slow", "validation": "validation"}
    with streets.client as client:
        _refused(client.post("/runs", json=body), 409, "slow", "scanning", "Wait")
        _refused(client.post(f"/datasets/{dataset['id']}/scan"), 409, "slow")
    streets.post(f"/jobs/{dataset['scan_job_id']}/cancel")
    assert streets.wait_for_dataset(dataset["id"])["state"] == "failed"
    with streets.client as client:
        _refused(client.post("/runs", json=body), 409, "slow", "failed")


STREETS_SPEC = {"kind": "streets", "root": "/tmp/none", "streets": {"count": 1}}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (
            {"name": "x", "spec": {"kind": "folder", "root": "/no/such/directory"}},
            422,
            ["/no/such/directory"],
        ),
        ({"name": "x", "spec": {"kind": "folder", "root": "some/where"}}, 422, ["some/where", "absolute"]),
        ({"name": "x", "spec": {"kind": "camvid", "root": "/tmp"}}, 422, ["split"]),
        ({"name": "x", "spec": {"kind": "streets", "root": "/tmp/none"}}, 422, ["streets"]),
        ({"name": "x", "spec": {"kind": "cityscape", "root": "/tmp"}}, 422, ["spec.kind", "folder"]),
        ({"name": "", "spec": STREETS_SPEC}, 422, ["name"]),
        ({"name": "x", "spec": STREETS_SPEC, "colour": 1}, 422, ["colour"]),
        ({"name": "source", "spec": STREETS_SPEC}, 409, ["source", "Choose another name"]),
    ],
)
@pytest.mark.usefixtures("nothing_is_left_behind")
def test_a_data_set_that_does_not_fit_is_refused(
    streets: Studio, body: dict[str, Any], status: int, words: list[str]
) -> None:
    with streets.client as client:
        _refused(client.post("/datasets", json=body), status, *words)


RUN = {
    "recipe": "streets_from_scratch",
    "source": "source",
    "target": "target",
    "validation": "validation",
    "set": TINY,
}


def _with(**fields: Any) -> dict[str, Any]:
    return {**RUN, "set": {**TINY, **{key.replace("__", "."): value for key, value in fields.items()}}}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({**RUN, "recipe": "mars"}, 404, ["mars", "streets_from_scratch"]),
        ({**RUN, "target": "nowhere"}, 404, ["nowhere", "target"]),
        ({**RUN, "surprise": 1}, 422, ["surprise"]),
        ({**RUN, "recipe": None}, 422, ["recipe", "spec"]),
        ({"recipe": "streets_from_scratch", "source": "source"}, 422, ["target"]),
        (_with(training__iteration=3), 422, ["training.iteration"]),
        (_with(training__iterations=0), 422, ["training.iterations", "greater than or equal to 1"]),
        (_with(training__iterations="many"), 422, ["training.iterations"]),
        (_with(selection__policy="best"), 422, ["selection.policy", "ias"]),
        (_with(rounds__count=2), 422, ["rounds.count"]),
        (_with(warm_up__iterations=0), 422, ["warm_up.iterations", "model.weights"]),
    ],
)
@pytest.mark.usefixtures("nothing_is_left_behind")
def test_a_run_that_does_not_fit_is_refused(
    streets: Studio, body: dict[str, Any], status: int, words: list[str]
) -> None:
    with streets.client as client:
        _refused(client.post("/runs", json=body), status, *words)


@pytest.mark.usefixtures("nothing_is_left_behind")
def test_a_body_that_is_no_run_is_refused(streets: Studio) -> None:
    with streets.client as client:
        answer = client.post("/runs", json={**RUN, "spec": None, "name": "x" * 121})
        _refused(answer, 422, "name")
        for content, status in ((b"{", 400), (b"\xff\xfe", 400), (b"", 422), (b"[]", 422), (b"null", 422)):
            answer = client.post("/runs", content=content, headers={"Content-Type": "application/json"})
            _refused(answer, status)


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/{}",
        "/datasets/{}/images",
        "/runs/{}",
        "/runs/{}/curves",
        "/rounds/{}",
        "/rounds/{}/thresholds",
        "/rounds/{}/classes",
        "/rounds/{}/labels",
        "/labels/{}",
        "/labels/{}/layers/kept",
        "/jobs/{}",
        "/jobs/{}/log",
        "/jobs/{}/events",
    ],
)
def test_an_unknown_id_is_not_found(studio: Studio, path: str) -> None:
    with studio.client as client:
        _refused(client.get(path.format(987654)), 404, "987654", "does not exist")
        _refused(client.get(path.format("abc")), 422, "_id")
        # Greater than any integer a database column holds.
        assert client.get(path.format(10**30)).status_code in (404, 422)


@pytest.mark.parametrize(
    "path",
    ["/datasets/{}/scan", "/runs/{}/cancel", "/runs/{}/advance", "/rounds/{}/approve", "/jobs/{}/cancel"],
)
def test_an_unknown_id_cannot_be_acted_on(studio: Studio, path: str) -> None:
    with studio.client as client:
        _refused(client.post(path.format(987654)), 404, "987654")


@pytest.mark.parametrize("path", ["/datasets", "/datasets/1/images", "/runs", "/jobs"])
@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "WyJ4Il0=", "W251bGxd", "WzEsMl0=", "W1tdXQ==", "W0luZmluaXR5XQ==", "WzFlMzBd", "ü"],
    ids=["no_base64", "text", "null", "two_values", "list", "infinity", "huge", "not_ascii"],
)
def test_a_cursor_of_no_page_is_refused(streets: Studio, path: str, cursor: str) -> None:
    with streets.client as client:
        _refused(client.get(path, params={"cursor": cursor}), 422, "cursor")


@pytest.mark.parametrize("limit", [0, -1, 1001, "all"])
def test_a_page_size_outside_the_range_is_refused(studio: Studio, limit: object) -> None:
    with studio.client as client:
        _refused(client.get("/runs", params={"limit": str(limit)}), 422, "limit")


def test_an_address_that_does_not_exist_is_not_found(studio: Studio) -> None:
    with studio.client as client:
        _refused(client.get("/nothing/here"), 404)
        _refused(client.delete("/runs"), 405)


def test_another_host_name_is_refused(studio: Studio) -> None:
    with studio.client as client:
        assert client.get("/runs", headers={"Host": "evil.example"}).status_code == 400


def test_a_data_set_that_a_run_uses_is_not_forgotten(streets: Studio) -> None:
    run_id = streets.start_run("holds its data sets", rounds=1)
    streets.post(f"/runs/{run_id}/cancel")
    streets.wait_for_run(run_id, "canceled")
    target = next(item for item in streets.get("/datasets")["items"] if item["name"] == "target")
    with streets.client as client:
        _refused(client.delete(f"/datasets/{target['id']}"), 409, "target", "run")
    assert streets.get(f"/datasets/{target['id']}")["image_count"] == 6
