"""What Prometheus is told. The queue is counted in the database at every scrape, so any API process
answers for all of them; requests and expired leases are counted by each process for itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, Float, case, cast, extract, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from starlette.responses import Response

from backend.database import now, read_session
from backend.dependencies import AppSettings, DatabaseEngine
from backend.jobs.tables import Job
from backend.reviews.tables import Review
from backend.workers.tables import Worker

JOB_SECONDS: Final = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)
"""Upper bounds of the histogram of job durations."""
REQUEST_SECONDS: Final = Histogram(
    "studio_http_request_seconds",
    "Time to answer a request, streams to their end.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
EXPIRED_LEASES: Final = Counter(
    "studio_expired_leases", "Jobs whose worker went silent, as found by this process."
)
router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
def metrics(engine: DatabaseEngine, settings: AppSettings) -> Response:
    """Queue, workers, reviews and latencies in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(StudioCollector(engine, timedelta(seconds=settings.lease_seconds)))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
    return Response(generate_latest(registry) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class StudioCollector(Collector):
    """Counts in the database, at every scrape."""

    def __init__(self, engine: Engine, silence: timedelta) -> None:
        """`silence`: a worker not heard of for longer than this is not alive."""
        self.engine = engine
        self.silence = silence

    def collect(self) -> Iterator[Metric]:
        """All that is counted there, read in one transaction."""
        with read_session(self.engine) as session:
            yield _jobs(session)
            yield _oldest(session)
            yield _durations(session)
            yield _reviews(session)
            alive = select(func.count()).select_from(Worker).where(Worker.seen_at > now() - self.silence)
            yield GaugeMetricFamily(
                "studio_workers_alive", "Workers heard of lately.", session.scalar(alive) or 0
            )


def _jobs(session: Session) -> Metric:
    family = GaugeMetricFamily("studio_jobs", "Jobs by kind and state.", labels=("kind", "state"))
    for kind, state, count in session.execute(
        select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state)
    ):
        family.add_metric((kind, state), count)
    return family


def _oldest(session: Session) -> Metric:
    oldest = session.scalar(select(func.min(Job.created_at)).where(Job.state == "queued"))
    age = (now() - oldest).total_seconds() if oldest else 0.0
    return GaugeMetricFamily(
        "studio_oldest_queued_job_seconds", "Age of the oldest job that waits; 0: none waits.", age
    )


def _durations(session: Session) -> Metric:
    family = HistogramMetricFamily(
        "studio_job_seconds", "Duration of jobs that succeeded, of their last attempt.", labels=("kind",)
    )
    seconds = _seconds(session, Job.started_at, Job.finished_at)
    within = [func.sum(case((seconds <= bound, 1), else_=0)) for bound in JOB_SECONDS]
    finished = (Job.state == "succeeded", Job.started_at.is_not(None), Job.finished_at.is_not(None))
    query = select(Job.kind, func.count(), func.sum(seconds), *within).where(*finished).group_by(Job.kind)
    for kind, count, total, *counts in session.execute(query):
        buckets = [
            (str(float(bound)), int(count)) for bound, count in zip(JOB_SECONDS, counts, strict=True)
        ]
        family.add_metric((kind,), [*buckets, ("+Inf", count)], total)
    return family


def _seconds(session: Session, start: Any, end: Any) -> ColumnElement[float]:
    """Seconds between two moments, in the database's own words."""
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday(end) - func.julianday(start)) * 86_400.0
    return cast(extract("epoch", end - start), Float)


def _reviews(session: Session) -> Metric:
    family = CounterMetricFamily("studio_reviews", "Decisions on labels.", labels=("decision",))
    for decision, count in session.execute(select(Review.decision, func.count()).group_by(Review.decision)):
        family.add_metric((decision,), count)
    return family
