"""Two gloo processes started by torchrun take the steps of one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.rounds import processes
from hiast.rounds.curves import read_curve

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "rounds": 1, "model.weights": "null", "model.base_width": 8, "paste.hard_classes": 4,
    "source": "{kind: streets, root: s, streets: {count: 4, seed: 1, height: 48, width: 96}}",
    "target": "{kind: streets, root: t, streets: {look: target, count: 4, seed: 2, height: 48, width: 96}}",
    "validation": "null", "selection.initial_threshold": 0.2,
    "warm_up": "{iterations: 2, batch_size: 2, crop: [48, 96], crop_heights: [32, 48]}",
    "training": "{iterations: 6, batch_size: 4, crop: [48, 96], crop_heights: [32, 48], log_every: 1,"
    " learning_rates: [1.0e-3], source_weight: 0.5, freeze_batch_norm: true}",
    "compute.checkpoint_every": 4,
}  # fmt: skip


def hiast_run(where, process_count, **changes):
    words = [w for key, value in {**SETTINGS, **changes}.items() for w in ("--set", f"{key}={value}")]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={process_count}"]
    launcher = torchrun if process_count > 1 else []
    return subprocess.run(
        [sys.executable, *launcher, "-m", "hiast.cli", "run", "streets_demo", "--out", "out", *words],
        cwd=where, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_two_processes_give_the_loss_curve_and_student_of_one(tmp_path):
    curves, students = [], []
    for count in (1, 2):
        where = tmp_path / str(count)
        where.mkdir()
        done = hiast_run(where, count)
        assert done.returncode == 0, done.stderr[-3000:]
        curves.append([p.metrics for p in read_curve(where / "out/rounds/1/curve.jsonl")])
        from safetensors.torch import load_file

        students.append(load_file(where / "out/rounds/1/student.safetensors"))
    assert len(curves[0]) == 6
    assert curves[0][0]["seg"] > 0 and curves[0][0]["entropy"] > 0 and curves[0][0]["source"] > 0
    for name in ("seg", "kld", "entropy", "consistency", "source", "total"):
        one, two = ([point[name] for point in curve] for curve in curves)
        np.testing.assert_allclose(one, two, rtol=2e-4, err_msg=name)
    for name, value in students[0].items():
        torch.testing.assert_close(students[1][name].float(), value.float(), rtol=1e-3, atol=2e-4)
    reports = [json.loads((tmp_path / str(c) / "out/rounds/1/labels.json").read_text()) for c in (1, 2)]
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("count", "batch_size", "free", "words"),
    [
        (2, 3, False, "batch_size 3 cannot be shared by 2 processes"),
        (2, 4, True, "freeze_batch_norm is false"),
    ],
)
def test_settings_under_which_processes_would_differ_are_refused(
    monkeypatch, count, batch_size, free, words
):
    monkeypatch.setattr(processes, "process_count", lambda: count)
    with pytest.raises(UserError, match=words):
        processes.require_same_steps(batch_size, free_batch_norm=free)


def test_one_process_needs_no_group():
    with processes.process_group():
        assert (processes.process_count(), processes.process_number()) == (1, 0)
        values = torch.ones(2)
        assert processes.sum_over_processes(values) is values
