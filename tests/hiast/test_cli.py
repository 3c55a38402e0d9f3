import json
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
    assert [line.split(":")[0] for line in lines] == [
        "before round 1", "student 1", "teacher 1", "result", "report",
    ]  # fmt: skip
    assert all("mIoU" in line for line in lines[:3])
    assert lines[3] == "result: rounds/1/teacher.safetensors, chosen by 'last'"
    assert (tmp_path / "out/rounds/1/student.safetensors").is_file()
    assert (tmp_path / "out/report.html").is_file()
    assert list((tmp_path / "out/tensorboard/round_1").glob("events.out.tfevents.*"))


def test_the_steps_of_a_round_by_themselves(tmp_path):
    """What `hiast run` chains: a first network, its labels, a student trained on them, their scores."""
    overrides = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    recipe = ["streets_demo", *overrides]
    steps = [
        (["train", *recipe, "--out", "first.safetensors"], "first.safetensors: "),
        (["labels", *recipe, "--weights", "first.safetensors", "--out", "r1"], "2 labels in r1, "),
        (
            ["train", *recipe, "--labels", "r1", "--weights", "first.safetensors", "--out", "r1"],
            "student r1/student.safetensors",
        ),
        (["evaluate", *recipe, "--weights", "r1/teacher.safetensors", "--out", "scores.json"], "mIoU"),
    ]
    for arguments, words in steps:
        done = hiast(*arguments, where=tmp_path)
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
    assert "against the ground truth: coverage" in hiast(*steps[1][0], where=tmp_path).stdout
    assert json.loads((tmp_path / "scores.json").read_text())["images"] == 1


def test_labels_and_weights_belong_together(tmp_path):
    done = hiast("train", "streets_demo", "--labels", "r1", "--out", "out", where=tmp_path)
    assert done.returncode == 2
    assert "--labels and --weights belong together" in done.stderr


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


def test_a_round_is_packed_verified_and_made_again(tmp_path):
    overrides = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    assert hiast("run", "streets_demo", "--out", "out", *overrides, where=tmp_path).returncode == 0
    made = hiast("bundle", "make", "out", "--round", "1", "--out", "round.zip", where=tmp_path)
    assert made.returncode == 0, made.stderr
    checked = hiast("bundle", "verify", "round.zip", "out/rounds/1/labels", where=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "2 labels are as the bundle says\n")
    again = hiast("bundle", "replay", "round.zip", "out/rounds/1/labels", "--out", "again", where=tmp_path)
    assert again.returncode == 0, again.stderr
    first, second = tmp_path / "out/rounds/1/labels", tmp_path / "again"
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) == 6
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)
    (first / files[0]).write_bytes(b"other")
    failed = hiast("bundle", "verify", "round.zip", "out/rounds/1/labels", where=tmp_path)
    assert failed.returncode == 2
    assert f"{files[0]} has other content" in failed.stderr
