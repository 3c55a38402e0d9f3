"""The client against the fake API over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from backend.datasets.schemas import DatasetCreate
from backend.reviews.schemas import ReviewCreate
from backend.runs.schemas import RunCreate
from frontend_gradio.api_client import ApiClient, ApiError
from hiast.contracts.datasets import DatasetSpec
from tests.frontend_gradio.fake_api import create_fake_api
from tests.frontend_gradio.servers import free_port, serving


@pytest.fixture
def client() -> Iterator[ApiClient]:
    with serving(create_fake_api(), free_port()) as origin:
        yield ApiClient(origin)


def test_every_reading_call_answers_a_typed_schema(client: ApiClient) -> None:
    assert client.recipes()[0].name == "streets_demo"
    assert client.datasets().total == 4
    assert client.dataset(1).name == "streets source"
    assert [image.id for image in client.faulty_images(3).items] == [1, 3]
    assert [run.id for run in client.runs().items] == [1, 2]
    assert client.run(1).rounds[1].reviews.rejected == 1
    assert client.curves(1)[1].points[0].metrics["seg"] == 2
    assert client.round(2).state == "reviewing"
    assert len(client.thresholds(2).thresholds) == 14
    assert len(client.classes(2)) == 12
    assert client.labels(2, sort="-kept_share").total == 14
    assert client.label(200).layers_digest == "d20"
    assert client.compare(100, 200).pixels == 128 * 256
    assert client.jobs(run_id=2).total == 1
    assert client.job(9).state == "running"
    assert "iteration 5" in client.job_log(9)


def test_writing_calls_change_the_state(client: ApiClient) -> None:
    spec = DatasetSpec(kind="folder", root="/data/x")
    assert client.create_dataset(DatasetCreate(name="x", spec=spec)).state == "scanning"
    assert client.scan_dataset(1).id == 9
    client.delete_dataset(3)
    assert client.datasets().total == 4
    assert client.create_run(RunCreate(recipe="streets_demo", name="again")).name == "again"
    client.cancel_run(2)
    assert client.run(2).state == "canceled"
    client.advance_run(2)
    assert client.run(2).state == "running"
    client.cancel_job(9)
    assert client.job(9).state == "canceling"
    client.retry_job(8)
    assert client.job(8).attempt == 2
    round_, tag = client.round_and_tag(2)
    assert (round_.reviews.rejected, client.approve_round(2, tag).training_images) == (1, 13)


def test_a_review_of_a_stale_version_is_refused(client: ApiClient) -> None:
    version = client.label(205).version
    accept = ReviewCreate(decision="accept")
    assert client.review_label(205, version, accept).status == "accepted"
    with pytest.raises(ApiError, match="has changed since") as refusal:
        client.review_label(205, version, accept)
    assert refusal.value.status == 412


def test_a_problem_is_told_verbatim(client: ApiClient) -> None:
    with pytest.raises(ApiError) as refusal:
        client.delete_dataset(1)
    assert refusal.value.detail == "data set 'streets source' is used by run 1. Delete the run first."
    assert refusal.value.status == 409


def test_an_unreachable_api_is_named() -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ApiError, match=f"The API at {origin} does not answer"):
        ApiClient(origin).runs()


def test_an_answer_in_another_shape_is_no_crash() -> None:
    app = FastAPI()
    app.add_api_route("/api/v1/recipes", lambda: [{"name": 1}])
    app.add_api_route("/api/v1/jobs/1", lambda: PlainTextResponse("oops", 502))
    with serving(app, free_port()) as origin:
        with pytest.raises(ApiError, match="of one version"):
            ApiClient(origin).recipes()
        with pytest.raises(ApiError, match="/api/v1/jobs/1 answered 502"):
            ApiClient(origin).job(1)
