"""What Prometheus is told agrees with the database, on both kinds."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from backend.database import now, write_session
from backend.datasets.tables import Dataset
from backend.jobs import queue
from backend.jobs.upkeep import reap_expired_leases
from backend.reviews.tables import Review
from backend.workers.tables import Worker
from benchmarks.reviewable_round import make_round
from hiast.contracts.datasets import DatasetSpec

pytestmark = pytest.mark.services


def _samples(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _value(client: TestClient, name: str, **labels: str) -> float | None:
    return _samples(client).get((name, frozenset(labels.items())))


def _engine(client: TestClient) -> Engine:
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    return engine


def _add_jobs(engine: Engine) -> list[int]:
    """Two jobs that wait, one that runs with an expired lease, three that succeeded."""
    with write_session(engine) as session:
        dataset = Dataset(name="d", spec=DatasetSpec(kind="folder", root="/data"))
        session.add(dataset)
        session.flush()
        jobs = [queue.enqueue(session, "scan_dataset", "scan", dataset_id=dataset.id) for _ in range(6)]
        jobs[0].created_at = now() - timedelta(minutes=10)
        jobs[2].state, jobs[2].lease_expires_at = "running", now() - timedelta(seconds=1)
        for job, seconds in zip(jobs[3:], (0.5, 40, 4000), strict=True):
            job.state, job.finished_at = "succeeded", now()
            job.started_at = job.finished_at - timedelta(seconds=seconds)
        return [job.id for job in jobs]


def test_the_queue_is_counted_by_kind_and_state(client: TestClient) -> None:
    assert _value(client, "studio_oldest_queued_job_seconds") == 0
    _add_jobs(_engine(client))
    samples = _samples(client)
    counts = {
        dict(labels)["state"]: value for (name, labels), value in samples.items() if name == "studio_jobs"
    }
    assert counts == {"queued": 2, "running": 1, "succeeded": 3}
    oldest = samples["studio_oldest_queued_job_seconds", frozenset()]
    assert 600 <= oldest < 700


def test_durations_are_counted_in_the_database(client: TestClient) -> None:
    _add_jobs(_engine(client))
    samples = _samples(client)
    buckets = {
        float(dict(labels)["le"]): value
        for (name, labels), value in samples.items()
        if name == "studio_job_seconds_bucket"
    }
    assert [buckets[bound] for bound in (1, 15, 60, 3600, 14400, float("inf"))] == [1, 1, 2, 2, 3, 3]
    assert list(buckets.values()) == sorted(buckets.values())
    kind = frozenset({("kind", "scan_dataset")})
    assert samples["studio_job_seconds_count", kind] == 3
    assert samples["studio_job_seconds_sum", kind] == pytest.approx(4040.5, abs=0.1)


def test_expired_leases_are_counted(client: TestClient) -> None:
    before = _value(client, "studio_expired_leases_total")
    ids = _add_jobs(_engine(client))
    assert before is not None
    assert reap_expired_leases(_engine(client)) in ([ids[2]], [])  # upkeep may have been faster
    assert _value(client, "studio_expired_leases_total") == before + 1


def test_workers_that_went_silent_are_not_alive(client: TestClient) -> None:
    with write_session(_engine(client)) as session:
        session.add(Worker(name="here"))
        session.add(Worker(name="gone", seen_at=now() - timedelta(minutes=5)))
    assert _value(client, "studio_workers_alive") == 1


def test_reviews_are_counted_by_decision(client: TestClient, tmp_path: Path) -> None:
    engine = _engine(client)
    _, labels = make_round(engine, tmp_path / "artifacts", tmp_path / "photos")
    with write_session(engine) as session:
        for decision in ("accept", "accept", "reject"):
            session.add(Review(label_id=labels[0], decision=decision, reviewer="ann"))
    assert _value(client, "studio_reviews_total", decision="accept") == 2
    assert _value(client, "studio_reviews_total", decision="reject") == 1


def test_requests_are_measured_by_template_not_by_address(client: TestClient) -> None:
    labels = {"method": "GET", "route": "/api/v1/runs/{run_id}", "status": "404"}
    before = _value(client, "studio_http_request_seconds_count", **labels) or 0
    for run_id in (1, 2, 3):
        client.get(f"/api/v1/runs/{run_id}")
    client.get("/api/v1/nothing/at/all")
    client.request("BREW", "/api/v1/runs")
    assert _value(client, "studio_http_request_seconds_count", **labels) == before + 3
    found = {dict(labels).get("route", "") for _, labels in _samples(client)}
    assert "unmatched" in found
    assert not any("nothing" in route for route in found)
    methods = {dict(labels).get("method") for _, labels in _samples(client)} - {None}
    assert methods <= {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other"}


def test_several_processes_count_together(tmp_path: Path) -> None:
    """With PROMETHEUS_MULTIPROC_DIR a scrape of any process answers for all."""
    code = """
import sys
from backend.metrics import REQUEST_SECONDS, EXPIRED_LEASES
EXPIRED_LEASES.inc(2)
REQUEST_SECONDS.labels("GET", "/x", "200").observe(0.1)
if sys.argv[1] == "read":
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    print(generate_latest(registry).decode())
"""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for part in ("write", "read"):
        done = subprocess.run(
            [sys.executable, "-c", code, part], env=environment, capture_output=True, text=True, check=True
        )
    assert "studio_expired_leases_total 4.0" in done.stdout
    assert 'studio_http_request_seconds_count{method="GET",route="/x",status="200"} 2.0' in done.stdout
