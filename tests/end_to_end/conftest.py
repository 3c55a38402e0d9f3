"""The running studios that the end-to-end tests share: one machine, and a team's servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.studio_process import Studio, running_studio
from tests.end_to_end.team_processes import running_team

RUNNING = {"embedded": running_studio, "team": running_team}


@pytest.fixture(scope="session", params=list(RUNNING))
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    # The broker's socket lies in it, and a socket's path may hold some 100 characters.
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    with RUNNING[request.param](home) as running:
        yield running
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def streets(studio: Studio) -> Studio:
    """The studio with three tiny data sets of generated scenes, and a longer target set."""
    studio.register_streets("source", "source", count=4, seed=7)
    studio.register_streets("target", "target", count=6, seed=11, labelled=True)
    studio.register_streets("validation", "target", count=3, seed=23)
    return studio
