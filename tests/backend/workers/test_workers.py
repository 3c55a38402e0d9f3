"""The list of workers over HTTP, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

import backend.workers.routes
from backend.database import database_now, write_session
from backend.jobs import queue
from backend.workers.capabilities import Capabilities
from backend.workers.repository import note_alive, note_gone
from backend.workers.tables import Worker

pytestmark = pytest.mark.services


def _listed(engine: Engine) -> list[dict[str, object]]:
    app = FastAPI()
    app.state.engine = engine
    app.include_router(backend.workers.routes.router)
    listed: list[dict[str, object]] = TestClient(app).get("/workers").json()
    return listed


def test_workers_are_listed_with_what_they_have_and_do(engine: Engine, wake_ups: list[int]) -> None:
    with write_session(engine) as session:
        note_alive(session, "b (GPU 0)", Capabilities(1, 23.6))
        note_alive(session, "a", Capabilities())
        job = queue.enqueue(session, "scan_dataset", "scan")
        queue.claim(session, job.id, "a", timedelta(seconds=60))
        session.flush()
        session.get_one(Worker, "b (GPU 0)").seen_at = database_now(session) - timedelta(seconds=61)
    assert wake_ups == [job.id]
    first, second = _listed(engine)
    assert (first["name"], first["gpus"], first["alive"], first["current_job_id"]) == ("a", 0, True, job.id)
    assert (second["name"], second["gpus"], second["gpu_memory_gib"]) == ("b (GPU 0)", 1, 23.6)
    assert (second["alive"], second["current_job_id"]) == (False, None)
    with write_session(engine) as session:
        note_alive(session, "b (GPU 0)", Capabilities(1, 23.6))
        note_gone(session, "a")
    assert [(worker["name"], worker["alive"]) for worker in _listed(engine)] == [("b (GPU 0)", True)]
