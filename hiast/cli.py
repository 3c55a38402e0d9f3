"""The `hiast` command: the method without a server."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.run_spec import RunSpec
from hiast.recipes import build_spec, list_recipes, load_recipe

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Overrides = Annotated[list[str] | None, typer.Option("--set", help="RunSpec field, as key=value; repeat.")]
Out = Annotated[Path, typer.Option(help="Where results go.")]


@app.callback()
def _hiast() -> None:
    """The method without a server."""


@app.command("recipes")
def recipes() -> None:
    """List the recipes."""
    for recipe in list_recipes():
        typer.echo(f"{recipe.name:24} {recipe.title} ({recipe.expected_time})")


@app.command("run")
def run_recipe(recipe: str, out: Out = Path("run"), overrides: Overrides = None) -> None:
    """Run a recipe to its end, without review."""
    from hiast.rounds.run import run

    for stage, report in enumerate(run(_spec(recipe, overrides), out, _progress_line())):
        name = f"round {stage}" if stage else "before round 1"
        typer.echo(
            f"{name}: mIoU {100 * report.mean_iou:.2f}, pixel accuracy {100 * report.pixel_accuracy:.2f}"
        )


@app.command("train")
def train(
    recipe: str,
    out: Annotated[Path, typer.Option(help="Checkpoint to write.")],
    half: Annotated[bool, typer.Option(help="Store weights as float16.")] = False,
    overrides: Overrides = None,
) -> None:
    """Train the network a recipe starts from (its warm-up) and write it to a checkpoint."""
    from hiast.models import save_checkpoint
    from hiast.rounds.run import open_dataset, warmed_up_model

    spec, progress = _spec(recipe, overrides), _progress_line()
    source = open_dataset(spec.source, progress)
    if source is None:
        raise UserError(f"recipe {recipe!r} names no source data set.", where="source")
    model = warmed_up_model(spec, source.classes.num_classes, source, progress)
    save_checkpoint(out, model, metadata={"class_space": source.classes.name, "recipe": recipe}, half=half)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


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


def _progress_line() -> OnProgress:
    """Progress on standard error: one line, rewritten, at most five times a second."""
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < 0.2 and progress.done < progress.total:
            return
        last = time.monotonic()
        metrics = " ".join(f"{name}={value:.4g}" for name, value in progress.metrics.items())
        line = f"{progress.stage} {progress.done}/{progress.total} {progress.message} {metrics}"
        end = "\n" if progress.done == progress.total else ""
        sys.stderr.write(f"\r\x1b[K{line[:150]}{end}")
        sys.stderr.flush()

    return show


def main() -> None:
    """Run the command; a fault the user can mend is one line and exit code 2."""
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"hiast: {error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
