"""A whole run without a server: warm-up, then label → train → evaluate, round after round.

Below `out`: spec.json, warm_up/, rounds/1/, rounds/2/, …, report.html and model.safetensors, the result.
What is complete there is not done again: the same command goes on after an interruption. Started by
torchrun, all processes train and process 0 does the rest.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress, SelectionReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STATE_FILE, STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE
from hiast.data.atomic_files import write_atomically
from hiast.models import save_checkpoint
from hiast.report import ScoredNetwork, open_tensorboard
from hiast.rounds.curves import recording
from hiast.rounds.processes import process_group, process_number, wait_for_all
from hiast.rounds.run_files import CURVE_FILE, SELECTION_FILE, TRAINING_FILE, Sets, read_report
from hiast.rounds.run_result import finish_run, networks, score_network, write_round_page
from hiast.rounds.steps import label_directory, open_sets, train_directory, warmed_up_model


class RunResult(NamedTuple):
    """What a run ends with: every network with its score, and the one that is the result."""

    networks: list[ScoredNetwork]
    selection: SelectionReport


def run(spec: RunSpec, out: Path, on_progress: OnProgress) -> RunResult:
    """Run all rounds without review, writing everything below `out`.

    Raises UserError when a data set cannot be used, the class spaces differ, or `out` holds a run of
    other settings.
    """
    with process_group(spec.compute.device):
        first = process_number() == 0
        report_progress = on_progress if first else _silent
        if first:
            _require_same_spec(spec, out)
            open_sets(spec, out, report_progress)  # writes generated scenes and journals once
        wait_for_all()
        sets = open_sets(spec, out, report_progress)
        if first:
            _warm_up(spec, sets, out, report_progress)
        wait_for_all()
        for number in range(1, spec.rounds + 1):
            _round(spec, number, sets, out, report_progress)
        if first:
            finish_run(spec, sets, out, report_progress)
        wait_for_all()
        return RunResult(networks(spec, out), read_report(out / SELECTION_FILE, SelectionReport))


def _silent(_progress: Progress) -> None:
    """Progress of the processes beside the first."""


def _require_same_spec(spec: RunSpec, out: Path) -> None:
    path, text = out / "spec.json", spec.model_dump_json(indent=2)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UserError(
            "this directory holds a run of other settings (its spec.json differs).",
            where=str(out),
            remedy="Give another --out, or the settings of that run to go on with it.",
        )
    write_atomically(path, text.encode())


def _warm_up(spec: RunSpec, sets: Sets, out: Path, on_progress: OnProgress) -> None:
    directory = out / "warm_up"
    path = directory / WARM_UP_FILE
    if not path.exists():
        with open_tensorboard(out / "tensorboard" / "warm_up") as board:
            record = recording(directory / CURVE_FILE, board.write, on_progress)
            model = warmed_up_model(spec, sets.source, sets.target, directory, record)
        save_checkpoint(path, model, metadata={"class_space": sets.target.classes.name})
        (directory / STATE_FILE).unlink(missing_ok=True)
    score_network(spec, path, sets.validation, on_progress)


def _round(spec: RunSpec, number: int, sets: Sets, out: Path, on_progress: OnProgress) -> None:
    directory, before = out / "rounds" / str(number), out / "rounds" / str(number - 1)
    directory.mkdir(parents=True, exist_ok=True)
    first = process_number() == 0
    if first:
        teacher_path = before / TEACHER_FILE if number > 1 else out / "warm_up" / WARM_UP_FILE
        label_directory(spec, number, sets.target, teacher_path, directory, on_progress)
    wait_for_all()
    if not (directory / TRAINING_FILE).exists():
        student_path = before / STUDENT_FILE if number > 1 else out / "warm_up" / WARM_UP_FILE
        with open_tensorboard(out / "tensorboard" / f"round_{number}") if first else nullcontext() as board:
            record = recording(directory / CURVE_FILE, board.write, on_progress) if board else on_progress
            training = train_directory(spec, number, sets, directory, student_path, directory, record)
        wait_for_all()
        if first:
            write_atomically(directory / TRAINING_FILE, training.model_dump_json(indent=2).encode())
    if first:
        score_network(spec, directory / STUDENT_FILE, sets.validation, on_progress)
        score_network(spec, directory / TEACHER_FILE, sets.validation, on_progress)
        write_round_page(spec, number, sets.target, out)
    wait_for_all()
