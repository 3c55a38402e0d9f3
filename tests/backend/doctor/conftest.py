"""A service that is well, for the doctor's tests to break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database import open_engine
from backend.migrations import upgrade_database
from tests.backend.doctor.clinic import Clinic, lead_through_everything


@pytest.fixture
def clinic(tmp_path: Path, wake_ups: list[int]) -> Iterator[Clinic]:
    url = f"sqlite:///{tmp_path / 'studio.sqlite'}"
    upgrade_database(url)
    made = Clinic(open_engine(url), tmp_path / "artifacts", tmp_path / "data")
    lead_through_everything(made)
    assert wake_ups == [1, 2, 3, 4]
    yield made
    made.engine.dispose()
