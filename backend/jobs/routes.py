"""HTTP in and out of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.audit.service import record
from backend.database import read_session
from backend.dependencies import (
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
from backend.jobs import queue, repository, service
from backend.jobs.schemas import JobEventRead, JobPriority, JobRead, JobState
from backend.pagination import Page

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    session: ReadSession,
    state: JobState | None = None,
    run_id: Id | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[JobRead]:
    """Jobs, newest first."""
    return service.list_jobs(session, state=state, run_id=run_id, cursor=cursor, limit=limit)


@router.get("/{job_id}")
def get_job(job_id: Id, session: ReadSession) -> JobRead:
    """One job."""
    return service.read_job(session, repository.get_job(session, job_id))


@router.post("/{job_id}/cancel", status_code=202)
def cancel_job(job_id: Id, session: WriteSession, person: Operator) -> JobRead:
    """Stop a job: at once when queued, at its next batch when running."""
    return service.read_job(session, service.cancel(session, job_id, person.name))


@router.post("/{job_id}/retry", status_code=202)
def retry_job(
    job_id: Id, session: WriteSession, person: Operator, idempotency_key: IdempotencyKey = None
) -> JobRead:
    """Queue a failed or canceled job again; what it has finished is kept."""
    once(
        session,
        person.name,
        idempotency_key,
        "job.retry",
        str(job_id),
        lambda: service.retry(session, job_id, person.name).id,
    )
    return service.read_job(session, repository.get_job(session, job_id))


@router.post("/{job_id}/priority")
def change_job_priority(job_id: Id, body: JobPriority, session: WriteSession, person: Operator) -> JobRead:
    """Let a queued job be started sooner or later than others."""
    before = repository.get_job(session, job_id).priority
    job = service.change_priority(session, job_id, body.priority)
    record(
        session,
        person.name,
        "job.priority",
        "job",
        job_id,
        before={"priority": before},
        after={"priority": body.priority},
    )
    return service.read_job(session, job)


@router.get("/{job_id}/log", response_class=PlainTextResponse)
def job_log(job_id: Id, session: ReadSession) -> str:
    """The job's log as text."""
    return service.log_text(session, job_id)


def _news(engine: Engine, job_id: int, after: int) -> tuple[JobRead, list[JobEventRead]]:
    with read_session(engine) as session:
        job = service.read_job(session, repository.get_job(session, job_id))
        return job, [
            service.read_event(event) for event in repository.list_events(session, job_id, after=after)
        ]


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def job_events(job_id: Id, request: Request, engine: DatabaseEngine) -> EventSourceResponse:
    """Server-sent events: `job` whenever the job changes, `event` for each line of its history.

    Ends when the job has. A reconnecting client sends Last-Event-ID and misses nothing.
    """
    resume = request.headers.get("last-event-id", "0")
    first = await asyncio.to_thread(_news, engine, job_id, int(resume) if resume.isdigit() else 0)

    async def _stream() -> AsyncIterator[ServerSentEvent]:
        job, events = first
        after = int(resume) if resume.isdigit() else 0
        sent: JobRead | None = None
        while True:
            for event in events:
                after = event.id
                yield ServerSentEvent(event.model_dump_json(), event="event", id=str(event.id))
            if job != sent:
                sent = job
                yield ServerSentEvent(job.model_dump_json(), event="job")
            if job.state in queue.FINISHED:
                return
            await asyncio.sleep(0.5)
            job, events = await asyncio.to_thread(_news, engine, job_id, after)

    return EventSourceResponse(_stream())
