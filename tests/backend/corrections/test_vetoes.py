"""Classes that are not trained on, and what a round says of all decisions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from backend.audit.tables import AuditEvent
from backend.corrections.decisions import decisions_of
from backend.database import read_session, write_session
from backend.jobs.loading import load_inputs
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs.tables import Run
from hiast.contracts.reports import LabelSetReport
from tests.backend.corrections.conftest import Draw, drawing
from tests.backend.reviews.conftest import ClientOf
from tests.backend.reviews.seeded_round import LABELS, SIZE

KEPT = [abs(order - 4) * 10 for order in range(LABELS)]


def _veto(client: Any, label_id: int, classes: list[int], version: int = 1) -> Any:
    headers = {"If-Match": f'"{version}"'}
    return client.put(f"/labels/{label_id}/vetoes", json={"classes": classes}, headers=headers)


def _road(client: Any) -> dict[str, Any]:
    row: dict[str, Any] = client.get("/rounds/1/training-preview").json()["classes"][0]
    return row


def test_a_veto_is_a_decision_on_the_label(client_of: ClientOf, engine: Engine) -> None:
    ann = client_of("ann")
    answer = _veto(ann, 1, [1, 0, 1])
    label = answer.json()
    assert (answer.status_code, label["vetoed_classes"], label["version"]) == (200, [0, 1], 2)
    assert answer.headers["etag"].startswith('"2-')
    assert label["status"] == "unreviewed"
    (decision,) = label["reviews"]
    assert (decision["decision"], decision["vetoed_classes"], decision["reviewer"]) == (
        "veto",
        [0, 1],
        "ann",
    )
    assert _veto(client_of("bob"), 1, [0]).status_code == 412
    review = {"decision": "accept"}
    accepted = ann.post("/labels/1/review", json=review, headers={"If-Match": '"2"'})
    assert (accepted.json()["status"], accepted.json()["vetoed_classes"]) == ("accepted", [0, 1])
    replaced = _veto(client_of("bob"), 1, [], version=3).json()
    assert (replaced["vetoed_classes"], replaced["status"], replaced["version"]) == ([], "accepted", 4)
    assert ann.put("/labels/1/vetoes", json={"classes": []}).status_code == 428
    with read_session(engine) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "label.veto")).all()
    assert [(event.person, event.after) for event in events] == [
        ("ann", {"vetoed_classes": [0, 1], "version": 2}),
        ("bob", {"vetoed_classes": [], "version": 4}),
    ]


def test_a_round_says_what_was_changed_and_the_preview_what_is_left(
    client_of: ClientOf, draw: Draw
) -> None:
    ann = client_of("ann")
    assert ann.get("/rounds/1").json()["decisions"]["labels"] == 0
    assert (_road(ann)["kept_pixels"], _road(ann)["trained_pixels"]) == (sum(KEPT), sum(KEPT))
    # Label 1 keeps 4 columns of 10 class-0 pixels: a drawn row covers 4 of them.
    draw(1, drawing(r0=1, r1=254))
    _veto(ann, 2, [0])
    ann.post("/labels/3/review", json={"decision": "reject"}, headers={"If-Match": '"1"'})
    _veto(ann, 3, [0], version=2)
    told = ann.get("/rounds/1").json()
    assert told["decisions"] == {
        "labels": 2, "corrected_pixels": [0, SIZE], "ignored_pixels": SIZE, "vetoed_pixels": [KEPT[1], 0]
    }  # fmt: skip
    preview = ann.get("/rounds/1/training-preview").json()
    assert (preview["images"], preview["rejected_images"], preview["changed_labels"]) == (7, 1, 2)
    road, car = preview["classes"]
    assert road["trained_pixels"] == sum(KEPT) - 8 - KEPT[1] - KEPT[2]
    assert (road["kept_images"], road["trained_images"]) == (7, 5)
    assert (car["kept_pixels"], car["trained_pixels"], car["trained_images"]) == (0, SIZE, 1)
    run = ann.get("/runs/1").json()
    assert run["rounds"][0]["decisions"] == told["decisions"]


def test_a_class_is_vetoed_for_the_whole_round_but_what_is_drawn_comes_last(
    client_of: ClientOf, draw: Draw, engine: Engine
) -> None:
    ann = client_of("ann")
    draw(1, drawing(r0=0))
    before = ann.get("/rounds/1")
    seen = {"If-Match": before.headers["etag"]}
    answer = ann.put("/rounds/1/vetoes", json={"classes": [0]}, headers=seen)
    assert (answer.status_code, answer.json()["vetoed_classes"]) == (200, [0])
    assert answer.headers["etag"] == ann.get("/rounds/1").headers["etag"]
    road = _road(ann)
    assert (road["vetoed"], road["trained_pixels"], road["trained_images"]) == (True, SIZE, 1)
    told = ann.get("/rounds/1").json()["decisions"]
    # The fifth label keeps nothing, so nothing of it is changed.
    assert (told["labels"], told["vetoed_pixels"]) == (7, [sum(KEPT) - 4, 0])
    stale = ann.put("/rounds/1/vetoes", json={"classes": []}, headers=seen)
    assert stale.status_code == 412
    assert ann.put("/rounds/1/vetoes", json={"classes": []}).json()["vetoed_classes"] == []
    assert _road(ann)["trained_pixels"] == sum(KEPT) - 4 + SIZE
    with read_session(engine) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "round.veto")).all()
    assert [event.after for event in events] == [{"vetoed_classes": [0]}, {"vetoed_classes": []}]


def test_an_approval_must_have_seen_what_was_drawn(client_of: ClientOf, draw: Draw) -> None:
    ann = client_of("ann")
    draw(1, drawing(r0=1))
    seen = ann.get("/rounds/1")
    # As many pixels as before, in another place.
    draw(1, drawing(r5=1), version=1, person="bob")
    assert ann.get("/rounds/1").json() == seen.json()
    answer = ann.post("/rounds/1/approve", headers={"If-Match": seen.headers["etag"]})
    assert answer.status_code == 412


def test_the_approval_fixes_what_every_attempt_trains_on(
    client_of: ClientOf, draw: Draw, engine: Engine
) -> None:
    ann = client_of("ann")
    draw(1, drawing(r0=1))
    draw(1, drawing(r1=1), version=1)
    draw(2, drawing(r1=1))
    ann.delete("/labels/2/correction", headers={"If-Match": '"1"'})
    ann.put("/rounds/1/vetoes", json={"classes": [0]})
    _veto(ann, 3, [1])
    told = ann.get("/rounds/1").json()["decisions"]
    assert ann.post("/rounds/1/approve").status_code == 202
    with read_session(engine) as session:
        round_ = session.get_one(Round, 1)
        job_id = session.scalars(select(Job.id).where(Job.kind == "train_round")).one()
        given = load_inputs(session, job_id).round
        assert given is not None
        assert round_.trained_decisions is not None
        assert given.decisions == round_.trained_decisions.labels
    by_name = {decision.name: decision for decision in given.decisions}
    assert list(by_name) == ["i0", "i1", "i2", "i3", "i5", "i6", "i7"]
    assert by_name["i0"].correction is not None
    assert by_name["i0"].correction.startswith("i0.2-")
    assert [name for name, decision in by_name.items() if decision.correction] == ["i0"]
    assert by_name["i2"].vetoed_classes == [0, 1]
    # Nothing that happens to the rows afterwards changes it.
    with write_session(engine) as session:
        session.get_one(Round, 1).vetoed_classes = [1]
        round_ = session.get_one(Round, 1)
        assert {decision.name for decision in decisions_of(session, [round_])[1]} == {"i0"}
    assert ann.get("/rounds/1").json()["decisions"] == told
    with read_session(engine) as session:
        again = load_inputs(session, job_id).round
    assert again is not None
    assert again.decisions == given.decisions


def test_a_round_without_review_trains_on_what_was_drawn_while_it_was_labelled(
    draw: Draw, engine: Engine
) -> None:
    with write_session(engine) as session:
        session.get_one(Round, 1).state = "labelling"
    assert draw(4, drawing(r0=1)).status_code == 200
    report = LabelSetReport(
        images=LABELS, thresholds=[0.5] * 2, class_values=[0.5] * 2, hard_classes=[], kept_share=0.2,
        sampling_probabilities=[0.0] * 2, class_kept_pixels=[sum(KEPT), 0],
        class_predicted_pixels=[400] * 2,
    )  # fmt: skip
    with write_session(engine) as session:
        run, round_ = session.get_one(Run, 1), session.get_one(Round, 1)
        run.spec = run.spec.model_copy(update={"review": False})
        progression.after_labels(session, run, round_, report)
        assert round_.trained_decisions is not None
        assert [decision.name for decision in round_.trained_decisions.labels] == ["i3"]


@pytest.mark.parametrize("way", ["vetoes", "ignored"])
def test_a_round_of_which_nothing_is_left_is_not_approved(
    client_of: ClientOf, draw: Draw, way: str
) -> None:
    ann = client_of("ann")
    if way == "vetoes":
        ann.put("/rounds/1/vetoes", json={"classes": [0, 1]})
    else:
        for label_id in range(1, LABELS + 1):
            draw(label_id, drawing(**{f"r{row}": 254 for row in range(SIZE)}))
    answer = ann.post("/rounds/1/approve")
    assert answer.status_code == 409
    assert "no pixel of round 1 is left to train on" in answer.json()["detail"]
    assert ann.get("/rounds/1").json()["state"] == "reviewing"


def test_the_worst_labels_of_a_class_are_those_that_keep_least_of_it_but_some(client_of: ClientOf) -> None:
    ann = client_of("ann")

    def worst() -> list[str]:
        return [row["name"] for row in ann.get("/rounds/1/classes/0/worst").json()]

    shares = {f"i{order}": kept for order, kept in enumerate(KEPT) if kept}
    assert worst() == sorted(shares, key=lambda name: (shares[name], name))
    first, second, *others = worst()
    _veto(ann, int(first[1:]) + 1, [0])
    ann.post(
        f"/labels/{int(second[1:]) + 1}/review", json={"decision": "reject"}, headers={"If-Match": '"1"'}
    )
    assert worst() == others
    assert len(ann.get("/rounds/1/classes/0/worst?limit=1").json()) == 1
    assert ann.get("/rounds/1/classes/9/worst").status_code == 404
    assert ann.get("/rounds/7/classes/0/worst").status_code == 404


def test_the_preview_tells_how_strongly_each_class_pulls(client_of: ClientOf, draw: Draw) -> None:
    ann = client_of("ann")
    draw(1, drawing(r0=1))
    ann.post("/labels/2/review", json={"decision": "reject"}, headers={"If-Match": '"1"'})
    road, car = ann.get("/rounds/1/training-preview").json()["classes"]
    # Label 1 keeps 40 pixels of road; the drawn row makes 4 of them and 6 ignored ones car. Label 2 is out,
    # label 5 keeps nothing, the others keep road alone.
    assert road["influence"]["seg"] == pytest.approx(36 / 46 + 5)
    assert car["influence"]["seg"] == pytest.approx(10 / 46)
    assert road["influence"]["kld"] == pytest.approx(0.1 / 2 * road["influence"]["seg"])
    # 50 pixels of each class are predicted on each of 100.
    kept = [pixels for order, pixels in enumerate(KEPT) if order not in (0, 1)]
    ignored = (50 - 36) / (100 - 46) + sum((50 - pixels) / (100 - pixels) for pixels in kept)
    assert road["influence"]["entropy"] == pytest.approx(1.0 / 2 * ignored)
    assert road["influence"]["consistency"] == pytest.approx(0.5 / 2 * ignored)
    assert (road["previous_influence"], road["previous_trained_pixels"]) == (None, None)
    # Which classes are hard is known when all is labelled.
    assert (road["paste_probability"], road["donors"]) == (0.0, 0)
