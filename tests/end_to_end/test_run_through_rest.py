"""A whole run over HTTP, as a client without the pages would do it: two rounds with review."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.labels import Reason
from hiast.selection import Codebook
from tests.end_to_end.studio_process import Studio, wait_for

pytestmark = pytest.mark.services
HEIGHT, WIDTH, IMAGES, CLASSES = 64, 128, 6, 12
BYTES_PER_PIXEL = {"prediction": 1, "kept": 1, "reason": 1, "ground-truth": 1, "confidence": 2}


@pytest.fixture(scope="module")
def run_id(streets: Studio) -> int:
    """The one run that the tests below lead through its two rounds, in the order of this file."""
    return streets.start_run("through REST", rounds=2)


def _layer(studio: Studio, label_id: int, layer: str, **parameters: str) -> Any:
    with studio.client as client:
        answer = client.get(f"/labels/{label_id}/layers/{layer}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def _raw(studio: Studio, label_id: int, layer: str) -> Any:
    content = _layer(studio, label_id, layer, format="raw").content
    assert len(content) == HEIGHT * WIDTH * BYTES_PER_PIXEL[layer]
    dtype = "<u2" if layer == "confidence" else "u1"
    return np.frombuffer(content, dtype).reshape(HEIGHT, WIDTH)


def _review(studio: Studio, label_id: int, decision: str, **headers: str) -> Any:
    with studio.client as client:
        return client.post(
            f"/labels/{label_id}/review", json={"decision": decision, "comment": "by test"}, headers=headers
        )


def _labels(studio: Studio, round_id: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = studio.get(f"/rounds/{round_id}/labels")["items"]
    return items


def test_a_label_opens_before_its_round_is_labelled_completely(streets: Studio) -> None:
    # Tiny scenes are labelled in milliseconds: enough of them to be met on the way.
    streets.register_streets("many", "target", count=120, seed=6)
    run_id = streets.start_run("met on the way", target_set="many")

    def _first_label_of_unfinished_round() -> Any:
        run = streets.get(f"/runs/{run_id}")
        assert run["state"] == "running", "no label was listed before the round was complete"
        return _labels(streets, run["rounds"][0]["id"]) if run["rounds"] else None

    label = wait_for("a first label", _first_label_of_unfinished_round)[0]
    with Image.open(io.BytesIO(_layer(streets, label["id"], "kept").content)) as picture:
        assert picture.size == (WIDTH, HEIGHT)
    assert streets.get(f"/labels/{label['id']}")["thresholds"]
    streets.post(f"/runs/{run_id}/cancel")
    streets.wait_for_run(run_id, "canceled")


def test_every_label_opens_in_every_layer(streets: Studio, run_id: int) -> None:
    round_ = streets.wait_for_run(run_id, "waiting_for_review", rounds=1)["rounds"][0]
    assert (round_["state"], round_["label_count"], round_["image_count"]) == ("reviewing", IMAGES, IMAGES)
    for label in _labels(streets, round_["id"]):
        for layer in ("image", "hard-class", "region-weight", *BYTES_PER_PIXEL):
            answer = _layer(streets, label["id"], layer)
            assert answer.headers["content-type"] == "image/png"
            with Image.open(io.BytesIO(answer.content)) as picture:
                picture.load()
                assert picture.size == (WIDTH, HEIGHT)
        for term in ("seg", "kld", "entropy", "consistency"):
            answer = _layer(streets, label["id"], "region-weight", format="raw", term=term)
            assert len(answer.content) == HEIGHT * WIDTH * 4


def test_stored_codes_thresholds_and_reasons_agree_pixel_for_pixel(streets: Studio, run_id: int) -> None:
    round_ = streets.get(f"/runs/{run_id}")["rounds"][0]
    kept_somewhere = 0
    for summary in _labels(streets, round_["id"]):
        label = streets.get(f"/labels/{summary['id']}")
        prediction, reason, kept, codes = (
            _raw(streets, summary["id"], layer) for layer in ("prediction", "reason", "kept", "confidence")
        )
        confidence = Codebook.named(label["confidence_levels"]).decode(codes)
        above = confidence >= np.array(label["thresholds"])[prediction]
        np.testing.assert_array_equal(reason == Reason.KEPT, above)
        np.testing.assert_array_equal(kept, np.where(above, prediction, 255))
        assert label["kept_pixels"] == np.bincount(kept[above], minlength=CLASSES).tolist()
        assert label["predicted_pixels"] == np.bincount(prediction.ravel(), minlength=CLASSES).tolist()
        assert summary["kept_share"] == pytest.approx(above.mean())
        kept_somewhere += int(above.sum())
    assert 0 < kept_somewhere < IMAGES * HEIGHT * WIDTH


def test_charts_hold_a_value_per_image_and_class(streets: Studio, run_id: int) -> None:
    round_ = streets.get(f"/runs/{run_id}")["rounds"][0]
    trajectory = streets.get(f"/rounds/{round_['id']}/thresholds")
    assert np.array(trajectory["thresholds"]).shape == (IMAGES, CLASSES)
    assert trajectory["label_ids"] == [label["id"] for label in _labels(streets, round_["id"])]
    classes = streets.get(f"/rounds/{round_['id']}/classes")
    assert [item["class_id"] for item in classes] == list(range(CLASSES))
    assert [item["threshold"] for item in classes] == trajectory["thresholds"][-1]
    assert sum(item["kept_pixels"] for item in classes) == sum(round_["label_set"]["class_kept_pixels"])
    assert sum(item["hard"] for item in classes) == 3


def test_labels_can_be_sorted_filtered_and_paged(streets: Studio, run_id: int) -> None:
    round_id = streets.get(f"/runs/{run_id}")["rounds"][0]["id"]
    for sort in ("order", "-order", "kept_share", "-kept_share", "name", "-name"):
        whole = streets.get(f"/rounds/{round_id}/labels", sort=sort)["items"]
        key = sort.removeprefix("-")
        values = [label[key] for label in whole]
        assert values == sorted(values, reverse=sort.startswith("-"))
        paged, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = streets.get(f"/rounds/{round_id}/labels", sort=sort, limit=4, **more)
            assert page["total"] == IMAGES
            paged += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert paged == whole
    for class_id in range(CLASSES):
        listed = streets.get(f"/rounds/{round_id}/labels", **{"class": class_id})["items"]
        holders = [
            label["id"]
            for label in _labels(streets, round_id)
            if streets.get(f"/labels/{label['id']}")["kept_pixels"][class_id]
        ]
        assert [label["id"] for label in listed] == holders


def test_a_decision_needs_the_present_etag(streets: Studio, run_id: int) -> None:
    round_id = streets.get(f"/runs/{run_id}")["rounds"][0]["id"]
    label_id = _labels(streets, round_id)[0]["id"]
    with streets.client as client:
        tag = client.get(f"/labels/{label_id}").headers["etag"]
    missing = _review(streets, label_id, "reject")
    assert (missing.status_code, missing.json()["status"]) == (428, 428)
    assert "If-Match" in missing.json()["detail"]
    decided = _review(streets, label_id, "reject", **{"If-Match": tag})
    assert (decided.status_code, decided.json()["status"]) == (201, "rejected")
    stale = _review(streets, label_id, "accept", **{"If-Match": tag})
    assert stale.status_code == 412
    assert "rejected" in stale.json()["detail"]
    label = streets.get(f"/labels/{label_id}")
    assert [review["decision"] for review in label["reviews"]] == ["reject"]
    assert decided.headers["etag"] != tag


def test_training_leaves_out_what_was_rejected(streets: Studio, run_id: int) -> None:
    round_id = streets.get(f"/runs/{run_id}")["rounds"][0]["id"]
    approval = streets.post(f"/rounds/{round_id}/approve")
    assert (approval["training_images"], approval["excluded_images"]) == (IMAGES - 1, 1)
    with streets.client as client:
        again = client.post(f"/rounds/{round_id}/approve")
    assert again.status_code == 409
    run = streets.wait_for_run(run_id, "waiting_for_review", rounds=2)
    first = run["rounds"][0]
    assert (first["state"], first["training"]["images"]) == ("finished", IMAGES - 1)
    assert first["evaluation"]["images"] == run["warm_up_evaluation"]["images"] == 3
    assert 0.0 <= first["evaluation"]["mean_iou"] <= 1.0


def test_labels_of_a_trained_round_are_settled(streets: Studio, run_id: int) -> None:
    round_id = streets.get(f"/runs/{run_id}")["rounds"][0]["id"]
    answer = _review(streets, _labels(streets, round_id)[1]["id"], "reject", **{"If-Match": "*"})
    assert answer.status_code == 409
    assert "finished" in answer.json()["detail"]


def test_two_rounds_of_one_image_compare(streets: Studio, run_id: int) -> None:
    rounds = streets.get(f"/runs/{run_id}")["rounds"]
    label = streets.get(f"/labels/{_labels(streets, rounds[0]['id'])[0]['id']}")
    left, right = (reference["id"] for reference in label["same_image"])
    comparison = streets.get("/compare", left=left, right=right)
    a, b = _raw(streets, left, "kept"), _raw(streets, right, "kept")
    both = (a != 255) & (b != 255)
    assert comparison["same_kept"] == int((both & (a == b)).sum())
    assert comparison["flipped"] == int((both & (a != b)).sum())
    assert comparison["gained"] == int(((a == 255) & (b != 255)).sum())
    assert comparison["lost"] == int(((a != 255) & (b == 255)).sum())
    assert sum(item["right_kept"] for item in comparison["classes"]) == int((b != 255).sum())
    other = next(item for item in _labels(streets, rounds[1]["id"]) if item["name"] != label["name"])
    with streets.client as client:
        refused = client.get("/compare", params={"left": left, "right": other["id"]})
    assert refused.status_code == 422
    assert "different images" in refused.json()["detail"]


def test_the_run_succeeds_after_its_last_round(streets: Studio, run_id: int) -> None:
    streets.post(f"/runs/{run_id}/advance")
    run = streets.wait_for_run(run_id, "succeeded", rounds=2)
    assert [round_["state"] for round_ in run["rounds"]] == ["finished", "finished"]
    assert run["rounds"][1]["training"]["images"] == IMAGES
    curves = streets.get(f"/runs/{run_id}/curves")
    trained = [curve for curve in curves if curve["kind"] == "train_round"]
    assert [curve["round_number"] for curve in trained] == [1, 2]
    for curve in trained:
        assert [point["iteration"] for point in curve["points"]] == [1, 2]
        assert all("learning_rate" in point["metrics"] for point in curve["points"])


def test_events_of_a_job_stream_until_it_has_finished(streets: Studio, run_id: int) -> None:
    job = streets.get("/jobs", run_id=run_id)["items"][-1]
    names, data = [], []
    with streets.client as client, client.stream("GET", f"/jobs/{job['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("event:"):
                names.append(line.removeprefix("event:").strip())
            if line.startswith("data:"):
                data.append(json.loads(line.removeprefix("data:")))
    assert names[-1] == "job"
    assert data[-1]["state"] == "succeeded"
    states = [item["data"]["state"] for item in data if item.get("kind") == "state"]
    assert states == ["queued", "running", "succeeded"]


def test_a_job_has_a_log_to_read(streets: Studio, run_id: int) -> None:
    job = streets.get("/jobs", run_id=run_id)["items"][0]
    with streets.client as client:
        log = client.get(f"/jobs/{job['id']}/log")
    assert log.headers["content-type"].startswith("text/plain")
    assert "state=running" in log.text
    assert "state=succeeded" in log.text


def test_a_repeated_request_starts_no_second_run(streets: Studio) -> None:
    before = streets.get("/runs")["total"]
    body = {
        "recipe": "streets_from_scratch",
        "source": "source",
        "target": "target",
        "validation": "validation",
        "name": "once",
    }
    answers = []
    for _ in range(2):
        answers.append(streets.post("/runs", body, **{"Idempotency-Key": "only-once"}))
    assert answers[0]["id"] == answers[1]["id"]
    assert streets.get("/runs")["total"] == before + 1
    streets.post(f"/runs/{answers[0]['id']}/cancel")
    streets.wait_for_run(answers[0]["id"], "canceled")
