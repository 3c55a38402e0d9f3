"""A page of a list takes the same few queries however many things it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from benchmarks.reviewable_round import make_round


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/datasets"])
def test_a_list_of_many_takes_no_more_queries_than_of_one(
    sqlite_client: TestClient, tmp_path: Path, path: str
) -> None:
    engine = sqlite_client.app.state.engine  # type: ignore[attr-defined]
    asked: list[str] = []

    def _queries(runs: int) -> int:
        asked.clear()
        answer = sqlite_client.get(path)
        assert (answer.status_code, len(answer.json()["items"])) == (200, runs)
        return len(asked)

    make_round(engine, tmp_path / "artifacts", tmp_path / "photos")
    sqlite_client.app.state.upkeep.stop.set()  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    one = _queries(1)
    for number in range(6):
        make_round(engine, tmp_path / "artifacts", tmp_path / f"photos{number}")
    assert _queries(7) == one


def test_each_run_has_its_own_rounds_and_names(sqlite_client: TestClient, tmp_path: Path) -> None:
    engine = sqlite_client.app.state.engine  # type: ignore[attr-defined]
    made = [
        make_round(engine, tmp_path / "artifacts", tmp_path / f"photos{number}", labels=number)
        for number in (1, 2, 3)
    ]
    sqlite_client.post(f"/api/v1/rounds/{made[1][0]}/approve")
    listed = sqlite_client.get("/api/v1/runs").json()["items"]
    assert [run["target"] for run in listed] == [
        "photos of photos3",
        "photos of photos2",
        "photos of photos1",
    ]
    assert [[round_["id"] for round_ in run["rounds"]] for run in listed] == [
        [made[n][0]] for n in (2, 1, 0)
    ]
    assert [run["rounds"][0]["label_count"] for run in listed] == [3, 2, 1]
    assert [run["active_job_id"] is not None for run in listed] == [False, True, False]
    for run in listed:
        assert sqlite_client.get(f"/api/v1/runs/{run['id']}").json() == run
