"""A checkpoint that would run code, from the API to the job that reads it: it runs nothing."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from backend.database import open_engine, read_session, write_session
from backend.datasets.tables import Dataset, Image
from backend.jobs import queue
from backend.jobs.tables import Job
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings
from hiast.contracts.datasets import DatasetSpec
from hiast.data import scan_dataset
from tests.end_to_end.faulty_files import SIZE, picture, png, write_pair

pytestmark = pytest.mark.services


class Attack:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a migrated database and a scanned data set named `target`."""
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setattr(queue, "wake_worker", lambda _job_id, **_options: True)
    get_settings.cache_clear()
    upgrade_database(get_settings().resolved_database_url)
    import numpy as np

    root = tmp_path / "data"
    write_pair(root, "a", picture(), png(np.zeros(SIZE, np.uint8)))
    (root / "classes.json").write_text('{"class_space": "streets"}')
    spec = DatasetSpec(kind="folder", root=str(root))
    scan = scan_dataset(spec, lambda _progress: None)
    with write_session(open_engine(get_settings().resolved_database_url)) as session:
        dataset = Dataset(name="target", spec=spec, state="ready", class_space=scan.classes, image_count=1)
        session.add(dataset)
        session.flush()
        entry = scan.entries[0]
        session.add(Image(dataset_id=dataset.id, position=0, **entry.model_dump(exclude={"problem"})))
    return tmp_path


@pytest.mark.parametrize("form", ["plain_pickle", "zip_with_pickle"])
def test_a_malicious_checkpoint_fails_the_job_and_runs_nothing(home: Path, form: str) -> None:
    marker, weights = home / "executed", home / "weights.pt"
    if form == "plain_pickle":
        weights.write_bytes(pickle.dumps({"state_dict": Attack(marker)}))
    else:
        import torch

        torch.save({"state_dict": {"w": torch.zeros(1), "attack": Attack(marker)}}, weights)
    spec = {
        "name": "attacked",
        "target": {"kind": "folder", "root": "/nowhere"},
        "model": {"weights": str(weights), "base_width": 8},
        "warm_up": {"iterations": 0},
        "training": {"source_weight": 0},
    }
    with TestClient(create_app(), client=("127.0.0.1", 50_000)) as client:
        answer = client.post("/api/v1/runs", json={"spec": spec, "target": "target"})
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["active_job_id"]
    engine = open_engine(get_settings().resolved_database_url)
    with write_session(engine) as session:
        attempt = queue.claim(session, job_id, "test", timedelta(minutes=5))
    command = [sys.executable, "-m", "worker.job_process", str(job_id), str(attempt), str(os.getpid())]
    subprocess.run(command, env={**os.environ, "STUDIO_HOME": str(home)}, check=True, capture_output=True)
    with read_session(engine) as session:
        job = session.scalars(select(Job).where(Job.id == job_id)).one()
    assert job.state == "failed"
    assert "could run code" in (job.error or ""), job.error
    assert not marker.exists()
    # The file is what it claims to be: whoever unpickles it runs the command.
    if form == "plain_pickle":
        pickle.loads(weights.read_bytes())
        assert marker.exists()
    get_settings.cache_clear()
