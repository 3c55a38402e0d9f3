"""Server-sent events of a run, on both databases."""

from __future__ import annotations

import json
import threading
import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

import backend.runs.routes
from backend.database import write_session
from backend.errors import add_error_handlers
from backend.jobs import queue, reports
from backend.runs import service
from backend.runs.news import Seen, news_of_run
from hiast.contracts.reports import Progress
from tests.backend.runs.test_label_shards import GPU_NODE, LEASE, run_id

__all__ = ["run_id"]
pytestmark = pytest.mark.services


def _claim(engine: Engine) -> tuple[int, int]:
    with write_session(engine) as session:
        claimed = queue.claim_next(session, "worker", GPU_NODE, LEASE)
    assert claimed is not None
    return claimed


def test_only_what_changed_is_news_at_one_query_a_look(engine: Engine, run_id: int) -> None:
    first = news_of_run(engine, run_id, Seen())
    assert (len(first.jobs), first.over) == (5, False)
    assert first.run is not None
    queries: list[str] = []

    def _count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    event.listen(engine, "before_cursor_execute", _count)
    quiet = news_of_run(engine, run_id, first.seen)
    event.remove(engine, "before_cursor_execute", _count)
    assert (quiet.jobs, quiet.run) == ([], None)
    assert len([query for query in queries if "SELECT" in query]) == 1
    job_id, attempt = _claim(engine)
    started = news_of_run(engine, run_id, first.seen)
    assert [job.state for job in started.jobs] == ["running"]
    assert started.run is not None
    with write_session(engine) as session:
        reports.report_progress(session, job_id, attempt, Progress(stage="label", done=1, total=3))
    progressed = news_of_run(engine, run_id, started.seen)
    assert ([job.done for job in progressed.jobs], progressed.run) == ([1], None)
    with write_session(engine) as session:
        service.change_priority(session, run_id, 9)
    changed = news_of_run(engine, run_id, progressed.seen)
    assert changed.run is not None
    assert changed.run.priority == 9


def test_the_stream_ends_with_the_run(engine: Engine, run_id: int) -> None:
    app = FastAPI()
    app.state.engine = engine
    add_error_handlers(app)
    app.include_router(backend.runs.routes.router)

    def _cancel_soon() -> None:
        time.sleep(0.7)
        with write_session(engine) as session:
            service.cancel(session, run_id, "ann")

    thread = threading.Thread(target=_cancel_soon)
    thread.start()
    with TestClient(app) as client:
        text = client.get(f"/runs/{run_id}/events").text
        missing = client.get("/runs/999/events")
    thread.join()
    events = [block.split("\r\n") for block in text.strip().split("\r\n\r\n")]
    seen = [(lines[0], json.loads(lines[1].removeprefix("data: "))) for lines in events]
    states = [data["state"] for kind, data in seen if kind == "event: run"]
    assert states == ["running", "canceled"]
    assert [data["state"] for kind, data in seen if kind == "event: job"][-4:] == 4 * ["canceled"]
    assert missing.status_code == 404
