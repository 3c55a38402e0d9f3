"""Drawing over labels, over real HTTP, on both databases."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as Picture
from sqlalchemy import Engine, select

from backend.artifacts import corrections_key, labels_key
from backend.audit.tables import AuditEvent
from backend.corrections.tables import Correction
from backend.database import read_session, write_session
from backend.rounds.tables import Round
from tests.backend.corrections.conftest import Draw, drawing
from tests.backend.reviews.conftest import ClientOf
from tests.backend.reviews.seeded_round import SIZE


def _read(answer: httpx.Response) -> Any:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    with Picture.open(io.BytesIO(answer.content)) as image:
        assert image.mode == "L"
        return np.array(image)


def _stored(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "artifacts" / corrections_key(1, 1)).rglob("*.png"))


def test_what_is_drawn_is_there_and_the_label_as_it_was(
    client_of: ClientOf, draw: Draw, tmp_path: Path
) -> None:
    bob = client_of("bob")
    nothing = bob.get("/labels/1/correction")
    assert (nothing.status_code, nothing.headers["etag"]) == (204, '"0"')
    labels = tmp_path / "artifacts" / labels_key(1, 1)
    before = {path: path.read_bytes() for path in labels.iterdir()}
    pixels = drawing(r0=1, r1=1, r5=254)
    answer = draw(1, pixels)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    told = answer.json()
    assert (told["version"], told["person"]) == (1, "ann")
    assert (told["corrected_pixels"], told["ignored_pixels"]) == ({"1": 2 * SIZE}, SIZE)
    read = bob.get("/labels/1/correction")
    np.testing.assert_array_equal(_read(read), pixels)
    assert read.headers["etag"] == '"1"'
    unchanged = bob.get("/labels/1/correction", headers={"If-None-Match": '"1"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    label = bob.get("/labels/1").json()
    assert label["correction"] == told
    assert label["corrected"] is True
    assert {path: path.read_bytes() for path in labels.iterdir()} == before
    corrected = [item["id"] for item in bob.get("/rounds/1/labels").json()["items"] if item["corrected"]]
    assert corrected == [1]


def test_of_two_who_draw_at_once_the_second_is_told(
    client_of: ClientOf, draw: Draw, tmp_path: Path
) -> None:
    assert draw(1, drawing(r0=1)).status_code == 200
    late = draw(1, drawing(r1=1), person="bob")
    assert late.status_code == 412
    assert "now version 1 by ann" in late.json()["detail"]
    assert draw(1, drawing(r1=1), version=None).status_code == 428
    np.testing.assert_array_equal(_read(client_of("bob").get("/labels/1/correction")), drawing(r0=1))
    assert len(_stored(tmp_path)) == 1
    assert draw(1, drawing(r1=1), version=1, person="bob").json()["person"] == "bob"


def test_a_deleted_correction_is_gone_and_its_history_stays(
    client_of: ClientOf, draw: Draw, tmp_path: Path
) -> None:
    ann = client_of("ann")
    assert ann.delete("/labels/1/correction", headers={"If-Match": '"0"'}).status_code == 404
    draw(1, drawing(r0=1))
    draw(1, drawing(r2=254), version=1, person="bob")
    assert ann.delete("/labels/1/correction", headers={"If-Match": '"1"'}).status_code == 412
    assert ann.delete("/labels/1/correction").status_code == 428
    gone = ann.delete("/labels/1/correction", headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.headers["etag"]) == (204, '"3"')
    assert ann.get("/labels/1/correction").status_code == 204
    assert ann.get("/labels/1").json()["correction"] is None
    assert draw(1, drawing(r0=0), version=0).status_code == 412
    assert draw(1, drawing(r0=0), version=3).json()["version"] == 4
    history = ann.get("/labels/1/corrections").json()
    assert [(v["version"], v["person"], v["deleted"]) for v in history["items"]] == [
        (4, "ann", False), (3, "ann", True), (2, "bob", False), (1, "ann", False)
    ]  # fmt: skip
    first = ann.get("/labels/1/corrections", params={"limit": 3}).json()
    rest = ann.get("/labels/1/corrections", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == history["items"]
    assert (first["total"], rest["next_cursor"]) == (4, None)
    # Each version is a file of its own, and none was written again.
    assert len(_stored(tmp_path)) == 3


def test_everything_that_is_drawn_is_in_the_audit_trail(
    client_of: ClientOf, draw: Draw, engine: Engine
) -> None:
    draw(1, drawing(r0=1))
    client_of("bob").delete("/labels/1/correction", headers={"If-Match": '"1"'})
    with read_session(engine) as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    told = [(event.action, event.person, event.subject_id, event.after) for event in events]
    assert told == [
        ("label.correct", "ann", 1, {"version": 1, "corrected_pixels": {"1": 10}, "ignored_pixels": 0}),
        ("label.uncorrect", "bob", 1, {"version": 2}),
    ]


@pytest.mark.parametrize("state", ["training", "evaluating", "finished", "failed", "canceled"])
def test_nobody_draws_once_the_round_trains(
    client_of: ClientOf, draw: Draw, engine: Engine, tmp_path: Path, state: str
) -> None:
    draw(1, drawing(r0=1))
    with write_session(engine) as session:
        session.get_one(Round, 1).state = state
    refused = [
        draw(1, drawing(r1=1), version=1),
        client_of("ann").delete("/labels/1/correction", headers={"If-Match": '"1"'}),
        client_of("ann").put("/labels/1/vetoes", json={"classes": [0]}, headers={"If-Match": '"1"'}),
        client_of("ann").put("/rounds/1/vetoes", json={"classes": [0]}),
    ]
    assert [answer.status_code for answer in refused] == [409] * 4
    assert len(_stored(tmp_path)) == 1
    assert client_of("ann").get("/labels/1/correction").status_code == 200


def test_a_correction_whose_file_is_gone_is_said_to_be(
    client_of: ClientOf, draw: Draw, tmp_path: Path
) -> None:
    draw(1, drawing(r0=1))
    _stored(tmp_path)[0].unlink()
    answer = client_of("ann").get("/labels/1/correction")
    assert answer.status_code == 404
    assert "draw it again" in answer.json()["detail"]


def test_two_versions_never_share_a_file(engine: Engine, draw: Draw) -> None:
    for version in range(3):
        draw(1, drawing(r0=1), version=version)
    with read_session(engine) as session:
        files = session.scalars(select(Correction.file)).all()
    assert len(set(files)) == 3


def test_of_many_who_draw_at_once_one_is_stored(
    client_of: ClientOf, draw: Draw, engine: Engine, tmp_path: Path
) -> None:
    people = [f"p{number}" for number in range(8)]
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(lambda person: draw(1, drawing(r0=1), person=person), people))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    winner = next(answer.json()["person"] for answer in answers if answer.status_code == 200)
    assert client_of("ann").get("/labels/1").json()["correction"]["person"] == winner
    with read_session(engine) as session:
        files = session.scalars(select(Correction.file)).all()
    assert [path.name for path in _stored(tmp_path)] == files


def test_drawing_and_approving_at_once_leave_no_drawing_behind(
    client_of: ClientOf, draw: Draw, engine: Engine
) -> None:
    """Either the approval has seen what was drawn, or the drawing is refused."""

    def _approve() -> httpx.Response:
        return client_of("boss").post("/rounds/1/approve")

    with ThreadPoolExecutor(9) as pool:
        drawn = [pool.submit(draw, label_id, drawing(r0=1)) for label_id in range(1, 9)]
        approved = pool.submit(_approve)
        stored = {number for number, answer in enumerate(drawn) if answer.result().status_code == 200}
        refused = {number for number, answer in enumerate(drawn) if answer.result().status_code == 409}
    assert approved.result().status_code == 202
    assert len(stored | refused) == 8
    with read_session(engine) as session:
        fixed = session.get_one(Round, 1).trained_decisions
    assert fixed is not None
    assert {decision.name for decision in fixed.labels} == {f"i{number}" for number in stored}
