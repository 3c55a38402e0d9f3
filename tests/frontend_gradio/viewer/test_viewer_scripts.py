"""Runs the viewer's own tests, which are written in its language."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed: the viewer's arithmetic is not checked")
@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_viewer_arithmetic_holds_in_node(script: str) -> None:
    run = subprocess.run(
        [str(NODE), "--test", str(HERE / script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
