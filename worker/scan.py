"""Scanning a data set. Apart from the other steps because it needs no torch, whose import takes seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backend.artifacts import artifact_root
from backend.jobs import reports
from backend.settings import get_settings
from hiast.contracts.datasets import DatasetSpec
from hiast.data import scan_dataset
from worker.reporter import Reporter


def run_scan(dataset: DatasetSpec, reporter: Reporter) -> None:
    """Look at the files of the data set and report what was found; goes on behind an interrupted scan."""
    artifacts = artifact_root(get_settings().resolved_artifacts_url)
    scan = scan_dataset(dataset, reporter.progress, journal_path(artifacts, dataset))
    reporter.write(lambda session: reports.succeed_scan(session, reporter.job_id, reporter.attempt, scan))


def journal_path(artifacts: Path, dataset: DatasetSpec) -> Path:
    """Where scans of that root in that layout write down what they found intact."""
    place = hashlib.sha256(f"{dataset.kind} {dataset.root}".encode()).hexdigest()[:16]
    return artifacts / "scans" / f"{place}.jsonl"
