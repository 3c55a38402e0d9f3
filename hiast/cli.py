"""The `hiast` command: the method without a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hiast.contracts import reports
from hiast.contracts.errors import UserError
from hiast.contracts.reports import EvaluationReport, OnProgress
from hiast.contracts.run_spec import RunSpec
from hiast.recipes import build_spec, list_recipes, load_recipe

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
bundles = typer.Typer(no_args_is_help=True, help="Rounds as one file, to prove what was done.")
app.add_typer(bundles, name="bundle")
Overrides = Annotated[list[str] | None, typer.Option("--set", help="RunSpec field, as key=value; repeat.")]
Out = Annotated[Path, typer.Option(help="Directory for the results; the same one goes on where it was.")]
Weights = Annotated[Path, typer.Option(help="Checkpoint of the network.")]
RoundNumber = Annotated[int, typer.Option("--round", min=1, help="Round number; part of the random seed.")]


@app.callback()
def _hiast() -> None:
    """The method without a server."""


@app.command("recipes")
def recipes() -> None:
    """List the recipes."""
    for recipe in list_recipes():
        typer.echo(f"{recipe.name:28} {recipe.title}")
        typer.echo(f"{'':28} {recipe.expected_time}; {recipe.expected_score}")


@app.command("run")
def run_recipe(recipe: str, out: Out = Path("run"), overrides: Overrides = None) -> None:
    """Run a recipe to its end, without review; pages and curves for people go to --out.

    On several GPUs: torchrun --nproc-per-node=N -m hiast.cli run RECIPE …
    """
    spec = _spec(recipe, overrides)
    # Imported behind the check of what was typed: torch takes seconds.
    from hiast.rounds.run import run

    with _progress_bar() as on_progress:
        result = run(spec, out, on_progress)
    if os.environ.get("RANK", "0") != "0":
        return  # torchrun started several of us; the first one speaks
    for network in result.networks:
        if network.evaluation is not None:
            name = f"{network.name} {network.round}" if network.round else network.name
            typer.echo(f"{name}: {_scores(network.evaluation)}")
    seen = " (chosen by target labels: not unsupervised)" if result.selection.saw_target_labels else ""
    typer.echo(f"result: {result.selection.chosen}, chosen by {result.selection.criterion!r}{seen}")
    typer.echo(f"report: {out / 'report.html'}")


@app.command("labels")
def labels(
    recipe: str,
    weights: Weights,
    out: Out = Path("round"),
    number: RoundNumber = 1,
    overrides: Overrides = None,
) -> None:
    """Label a recipe's target set with a teacher, into --out."""
    spec = _spec(recipe, overrides)
    from hiast.rounds.steps import label_directory, open_sets

    with _progress_bar() as on_progress:
        sets = open_sets(spec, out, on_progress)
        label_set = label_directory(spec, number, sets.target, weights, out, on_progress)
    typer.echo(f"{label_set.images} labels in {out}, {100 * label_set.kept_share:.1f} % kept")
    if label_set.quality is not None:
        quality = label_set.quality
        typer.echo(
            f"against the ground truth: coverage {100 * quality.coverage:.1f}, precision "
            f"{100 * quality.precision:.1f}, IoU {100 * quality.mean_iou:.1f}"
        )
    for alarm in label_set.alarms:
        typer.echo(f"alarm: {alarm}")


@app.command("train")
def train(
    recipe: str,
    out: Annotated[Path, typer.Option(help="Checkpoint to write, or with --labels a directory.")],
    directory: Annotated[
        Path | None, typer.Option("--labels", help="What `hiast labels` wrote: train a student on it.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="With --labels: the student to start from.")] = None,
    number: RoundNumber = 1,
    half: Annotated[bool, typer.Option(help="Without --labels: store weights as float16.")] = False,
    overrides: Overrides = None,
) -> None:
    """Train the network a recipe starts from (its warm-up), or with --labels the student of a round."""
    spec = _spec(recipe, overrides)
    if (directory is None) != (weights is None):
        raise UserError(
            "--labels and --weights belong together: the labels to train on, the student to start from.",
            where="hiast train",
        )
    with _progress_bar() as on_progress:
        if directory is None or weights is None:
            _train_first(spec, recipe, out, half, on_progress)
        else:
            from hiast.rounds.steps import open_sets, train_directory

            sets = open_sets(spec, directory, on_progress)
            report = train_directory(spec, number, sets, directory, weights, out, on_progress)
            typer.echo(f"student {out / report.student_path}\nteacher {out / report.teacher_path}")


def _train_first(spec: RunSpec, recipe: str, out: Path, half: bool, on_progress: OnProgress) -> None:
    if spec.source is None:
        raise UserError(f"recipe {recipe!r} names no source data set.", where="source")
    from hiast.models import save_checkpoint
    from hiast.rounds.steps import open_sets, warmed_up_model

    state = out.with_suffix(".training")
    sets = open_sets(spec, state, on_progress)
    model = warmed_up_model(spec, sets.source, sets.target, state, on_progress)
    metadata = {"class_space": sets.target.classes.name, "recipe": recipe}
    save_checkpoint(out, model, metadata=metadata, half=half)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


@app.command("evaluate")
def evaluate(
    recipe: str,
    weights: Weights,
    out: Annotated[Path | None, typer.Option(help="JSON file for the scores.")] = None,
    overrides: Overrides = None,
) -> None:
    """Score a checkpoint on a recipe's validation set, per class."""
    spec = _spec(recipe, overrides)
    if spec.validation is None:
        raise UserError(f"recipe {recipe!r} names no validation data set.", where="validation")
    from hiast.data import ImageSet, scan_dataset
    from hiast.data.atomic_files import write_atomically
    from hiast.rounds.steps import evaluate_checkpoint

    with _progress_bar() as on_progress:
        images = ImageSet.of(spec.validation, scan_dataset(spec.validation, on_progress))
        report = evaluate_checkpoint(spec, weights, images, on_progress)
    for name, score in zip(images.classes.classes, report.class_iou, strict=True):
        typer.echo(f"{name:16} {'-' if score is None else f'{100 * score:.2f}'}")
    typer.echo(_scores(report))
    if out is not None:
        write_atomically(out, report.model_dump_json(indent=2).encode())


@app.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="What `hiast run` wrote.")],
    out: Annotated[Path, typer.Option(help="Empty folder; an interrupted export goes on.")],
    name: Annotated[str, typer.Option("--format", help="One that `hiast formats` lists.")],
    number: RoundNumber = 1,
) -> None:
    """Write a round's labels, corrections applied, for another tool."""
    from hiast.rounds.export_round import export_round

    with _progress_bar() as on_progress:
        files = export_round(run, number, name, out, on_progress)
    typer.echo(f"{out}: {', '.join(files) or 'pictures'}")


@app.command("formats")
def formats() -> None:
    """List the formats of `hiast export`, and what the ids in their files mean."""
    from hiast.exports import FORMATS

    for known in FORMATS:
        typer.echo(f"{known.name:16} {known.ids}")


@bundles.command("make")
def make_bundle(
    run: Annotated[Path, typer.Argument(help="What `hiast run` wrote.")],
    out: Annotated[Path, typer.Option(help="Zip to write.")],
    number: RoundNumber = 1,
) -> None:
    """Pack a round of a run: settings, order, thresholds, counts, digests of network and labels."""
    from hiast.rounds.pack_round import pack_round

    with _progress_bar() as on_progress:
        pack_round(run, number, out, on_progress)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


Bundle = Annotated[Path, typer.Argument(help="Zip of `hiast bundle make` or GET /rounds/{id}/bundle.")]
LabelFiles = Annotated[Path, typer.Argument(help="Directory of the round's label files.")]


@bundles.command("verify")
def verify_bundle(bundle: Bundle, labels: LabelFiles) -> None:
    """Are the label files those the bundle tells of, and do its thresholds follow from its settings?"""
    from hiast.bundles import verify_labels

    with _progress_bar() as on_progress:
        count = verify_labels(bundle, labels, on_progress)
    typer.echo(f"{count} labels are as the bundle says")


@bundles.command("replay")
def replay_bundle(bundle: Bundle, labels: LabelFiles, out: Out = Path("labels")) -> None:
    """Make the label files again from predictions, confidences and thresholds, byte by byte the same."""
    from hiast.bundles import replay_labels

    with _progress_bar() as on_progress:
        count = replay_labels(bundle, labels, out, on_progress)
    typer.echo(f"{count} labels made again in {out}, byte by byte the same")


def _scores(report: EvaluationReport) -> str:
    further = "".join(f", {name} {100 * value:.2f}" for name, value in report.further_means.items())
    return f"mIoU {100 * report.mean_iou:.2f}{further}, pixel accuracy {100 * report.pixel_accuracy:.2f}"


def _spec(recipe: str, overrides: list[str] | None) -> RunSpec:
    pairs: dict[str, Any] = {}
    for item in overrides or []:
        key, equals, value = item.partition("=")
        if not equals:
            raise UserError(f"{item!r} is no key=value.", where="--set", remedy="For example rounds=2.")
        try:
            pairs[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(
                f"{value!r} is no YAML value.",
                where=f"--set {key}",
                remedy="For example 2, text or [1, 2].",
            ) from error
    return build_spec(load_recipe(recipe), overrides=pairs)


@contextmanager
def _progress_bar() -> Iterator[OnProgress]:
    """A bar on standard error for each stage, with the time left and the last losses."""
    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bars:
        stage, task = "", None

        def show(progress: reports.Progress) -> None:
            nonlocal stage, task
            if task is None or progress.stage != stage or bars.tasks[task].finished:
                stage = progress.stage
                task = bars.add_task(stage, total=progress.total, text="")
            shown = [f"{name} {value:.3g}" for name, value in list(progress.metrics.items())[-4:]]
            text = " ".join(shown) or progress.message or bars.tasks[task].fields["text"]
            bars.update(task, completed=progress.done, total=progress.total, text=text)

        yield show


def main() -> None:
    """Run the command; a fault the user can mend is one line and exit code 2."""
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"hiast: {error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
