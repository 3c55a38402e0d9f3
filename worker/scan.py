"""Scanning a data set. Apart from the other steps because it needs no torch, whose import takes seconds."""

from __future__ import annotations

from backend.database import write_session
from backend.jobs import reports
from hiast.contracts.datasets import DatasetSpec
from hiast.data import scan_dataset
from worker.reporter import Reporter


def run_scan(dataset: DatasetSpec, reporter: Reporter) -> None:
    """Look at every file of the data set and report what was found."""
    scan = scan_dataset(dataset, reporter.progress)
    with write_session(reporter.engine) as session:
        reports.succeed_scan(session, reporter.job_id, reporter.attempt, scan)
