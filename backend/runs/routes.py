"""HTTP in and out of runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.audit.service import record
from backend.dependencies import (
    AppSettings,
    Cursor,
    DatabaseEngine,
    Id,
    IdempotencyKey,
    Limit,
    Operator,
    ReadSession,
    WriteSession,
)
from backend.idempotency.service import once
from backend.pagination import Page
from backend.rounds.schemas import Curve
from backend.runs import repository, service
from backend.runs.news import Seen, news_of_run
from backend.runs.schemas import RunChange, RunCreate, RunRead, RunState

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("")
def list_runs(
    session: ReadSession, state: RunState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[RunRead]:
    """Runs, newest first."""
    return service.list_runs(session, state=state, cursor=cursor, limit=limit)


@router.post("", status_code=202, responses={404: {}})
def start_run(
    body: RunCreate,
    session: WriteSession,
    settings: AppSettings,
    person: Operator,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunRead:
    """Start a run from a recipe or a RunSpec. It waits for review after labelling each round."""
    run_id = once(
        session,
        person.name,
        idempotency_key,
        "run.start",
        body.model_dump_json(),
        lambda: service.create(session, body, settings.allowed_data_roots, person.name).id,
    )
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    return service.read_run(session, repository.get_run(session, run_id))


@router.get("/{run_id}")
def get_run(run_id: Id, session: ReadSession) -> RunRead:
    """One run with its rounds."""
    return service.read_run(session, repository.get_run(session, run_id))


@router.patch("/{run_id}")
def change_run(run_id: Id, body: RunChange, session: WriteSession, person: Operator) -> RunRead:
    """Let the run's queued jobs, and those to come, be started sooner or later than others."""
    before = repository.get_run(session, run_id).priority
    run = service.change_priority(session, run_id, body.priority)
    record(
        session,
        person.name,
        "run.priority",
        "run",
        run_id,
        before={"priority": before},
        after={"priority": body.priority},
    )
    return service.read_run(session, run)


@router.post("/{run_id}/cancel", status_code=202)
def cancel_run(run_id: Id, session: WriteSession, person: Operator) -> RunRead:
    """Stop a run wherever it is."""
    return service.read_run(session, service.cancel(session, run_id, person.name))


@router.post("/{run_id}/advance", status_code=202)
def advance_run(
    run_id: Id, session: WriteSession, person: Operator, idempotency_key: IdempotencyKey = None
) -> RunRead:
    """Approve the round that waits, or go on after a failure or cancel."""
    once(
        session,
        person.name,
        idempotency_key,
        "run.advance",
        str(run_id),
        lambda: service.advance(session, run_id, person.name).id,
    )
    return service.read_run(session, repository.get_run(session, run_id))


@router.get(
    "/{run_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def run_events(run_id: Id, engine: DatabaseEngine) -> EventSourceResponse:
    """Server-sent events: `run` whenever the run changes, `job` whenever one of its jobs does.

    Ends when the run is over. Every event is the whole present state, and all of it is sent first, so
    a client that reconnects has missed nothing and need not say what it saw last.
    """
    first = await asyncio.to_thread(news_of_run, engine, run_id, Seen())

    async def _stream() -> AsyncIterator[ServerSentEvent]:
        news = first
        while True:
            for job in news.jobs:
                yield ServerSentEvent(job.model_dump_json(), event="job")
            if news.run is not None:
                yield ServerSentEvent(news.run.model_dump_json(), event="run")
            if news.over:
                return
            await asyncio.sleep(0.5)
            news = await asyncio.to_thread(news_of_run, engine, run_id, news.seen)

    return EventSourceResponse(_stream())


@router.get("/{run_id}/curves")
def run_curves(run_id: Id, session: ReadSession) -> list[Curve]:
    """Loss and learning-rate curves, a curve a job."""
    return service.read_curves(session, run_id)
