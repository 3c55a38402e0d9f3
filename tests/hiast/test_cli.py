import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = {
    "rounds": 1, "model.weights": "null", "model.base_width": 8,
    "source": "{kind: streets, root: s, streets: {count: 2, seed: 1, height: 48, width: 96}}",
    "target": "{kind: streets, root: t, streets: {look: target, count: 2, seed: 2, height: 48, width: 96}}",
    "validation": "{kind: streets, root: v, streets: {count: 1, seed: 3, height: 48, width: 96}}",
    "warm_up": "{iterations: 2, batch_size: 2, crop: [48, 96], crop_heights: [32, 48]}",
    "training.iterations": 2, "training.crop": "[48, 96]", "training.crop_heights": "[32, 48]",
}  # fmt: skip


def hiast(*arguments, where):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "hiast.cli", *arguments]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def test_recipes_are_listed(tmp_path):
    done = hiast("recipes", where=tmp_path)
    assert done.returncode == 0
    assert "streets_demo " in done.stdout


def test_a_tiny_run_ends_with_a_score(tmp_path):
    overrides = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    done = hiast("run", "streets_demo", "--out", "out", *overrides, where=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["before round 1", "round 1"]
    assert "mIoU" in lines[-1]
    assert (tmp_path / "out/rounds/1/student.safetensors").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "mars"], "recipe 'mars' does not exist"),
        (["run", "streets_demo", "--set", "trainig.iterations=3"], "trainig"),
        (["run", "streets_demo", "--set", "rounds"], "no key=value"),
        (["run", "streets_demo", "--set", "rounds=[1"], "--set rounds: '[1' is no YAML value"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two(tmp_path, arguments, words):
    done = hiast(*arguments, where=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hiast: ")
    assert words in done.stderr
    assert not list(tmp_path.iterdir())
