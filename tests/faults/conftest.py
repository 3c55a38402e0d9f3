"""One studio that the tests of this folder damage, one after the other."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.studio_process import Studio, running_studio
from tests.faults.damage import IMPATIENT, problems_of


@pytest.fixture(scope="session")
def damaged() -> Iterator[Studio]:
    # The broker's socket lies in it, and a socket's path may hold some 100 characters.
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    with running_studio(home, **IMPATIENT) as studio:
        studio.register_streets("source", "source", count=4, seed=7)
        studio.register_streets("target", "target", count=6, seed=11)
        studio.register_streets("validation", "target", count=3, seed=23)
        studio.register_streets("long", "target", count=16, seed=5)
        yield studio
    shutil.rmtree(home)


@pytest.fixture
def studio(damaged: Studio) -> Iterator[Studio]:
    """The studio, up; found well by the doctor after the test."""
    yield damaged
    assert problems_of(damaged) == []
