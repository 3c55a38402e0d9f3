"""Real road scenes, day to dusk, over HTTP with tiny settings."""

from __future__ import annotations

import pytest

from tests.end_to_end.studio_process import ROOT, TINY, Studio

CAMVID = ROOT.parent / "shared" / "camvid240"
pytestmark = [
    pytest.mark.services,
    pytest.mark.parametrize("studio", ["embedded"], indirect=True),
    pytest.mark.skipif(
        not CAMVID.is_dir(), reason="needs CamVid at 240x180 as ../shared/camvid240 beside the repository"
    ),
]


def test_camvid_day_adapts_to_dusk(studio: Studio) -> None:
    splits = {"day": "day_train.txt", "dusk": "dusk_train.txt", "dusk val": "dusk_val.txt"}
    for name, split in splits.items():
        spec = {"kind": "camvid", "root": str(CAMVID.resolve()), "split": split, "limit": 6}
        dataset = studio.register(name, spec)
        assert (dataset["state"], dataset["image_count"], dataset["faulty_count"]) == ("ready", 6, 0)
    body = {
        "recipe": "camvid_day_to_dusk",
        "source": "day",
        "target": "dusk",
        "validation": "dusk val",
        "set": {**TINY, "rounds": 1},
    }
    run_id = studio.post("/runs", body)["id"]
    run = studio.wait_for_run(run_id, "waiting_for_review", rounds=1)
    assert run["class_space"]["name"] == "camvid"
    labels = studio.get(f"/rounds/{run['rounds'][0]['id']}/labels")["items"]
    assert [(label["height"], label["width"]) for label in labels] == [(180, 240)] * 6
    with studio.client as client:
        for layer in ("image", "prediction", "kept", "confidence", "reason", "ground-truth"):
            answer = client.get(f"/labels/{labels[0]['id']}/layers/{layer}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    studio.post(f"/runs/{run_id}/advance")
    run = studio.wait_for_run(run_id, "succeeded", rounds=1)
    assert run["rounds"][0]["evaluation"]["images"] == 6
