"""Scanning a data set. Apart from the other steps because it needs no torch, whose import takes seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from backend.artifacts import ArtifactStore
from backend.jobs import reports
from hiast.contracts.datasets import DatasetSpec
from hiast.data import scan_dataset
from hiast.data.atomic_files import write_atomically
from worker.reporter import Reporter

JOURNALS: Final = "scans"
"""The store's folder of what scans found intact."""


def run_scan(dataset: DatasetSpec, reporter: Reporter, artifacts: ArtifactStore) -> None:
    """Look at the files of the data set and report what was found; goes on behind an interrupted scan."""
    journal = _journal(dataset, artifacts)
    try:
        scan = scan_dataset(dataset, reporter.progress, journal)
    finally:
        # Also when somebody stops the scan: the next one goes on from there.
        if journal.exists():
            artifacts.publish(JOURNALS, [journal.name])
    reporter.write(lambda session: reports.succeed_scan(session, reporter.job_id, reporter.attempt, scan))


def journal_name(dataset: DatasetSpec) -> str:
    """Where scans of that root in that layout write down what they found intact."""
    place = hashlib.sha256(f"{dataset.kind} {dataset.root}".encode()).hexdigest()[:16]
    return f"{place}.jsonl"


def _journal(dataset: DatasetSpec, artifacts: ArtifactStore) -> Path:
    """The journal as earlier scans left it, ready to be appended to."""
    name = journal_name(dataset)
    path = artifacts.directory(JOURNALS) / name
    if artifacts.holds(JOURNALS, name):
        artifacts.take(JOURNALS, {name: None})
        if path.stat().st_nlink > 1:
            # What was taken shares its content with the cache, where nothing may change.
            write_atomically(path, path.read_bytes())
    return path
