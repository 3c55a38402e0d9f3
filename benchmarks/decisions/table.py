"""The tables of docs/case_camvid_dusk.md from the files `run.py` wrote: every seed, then mean ± sd.

python -m benchmarks.decisions.table --work WORK
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from benchmarks.adaptation.table import spread
from benchmarks.decisions.run import AGAIN, ARMS, AS_LABELLED, DecisionResult
from hiast.contracts.class_spaces import CAMVID

Results = dict[str, dict[int, DecisionResult]]
"""By arm and seed."""


def seed_table(results: Results) -> str:
    """One row a seed and arm; differences are to the arm without decisions of the same seed."""
    lines = _heading(
        *("seed", "arm", "pixels changed", "coverage", "precision"),
        *("mIoU", "difference", "worst class", "difference"),
    )
    for seed, base in sorted(results[AS_LABELLED].items()):
        name = CAMVID.classes[base.worst_class]
        for arm in ARMS:
            row = results[arm][seed]
            cells = [
                *(spread([share], 2) for share in (row.coverage, row.precision)),
                *(spread([share], 2) for share in (row.evaluation.mean_iou, _gain(row, base))),
                f"{name} {spread([row.evaluation.class_iou[base.worst_class]], 2)}",
                spread([_worst_gain(row, base)], 2),
            ]
            lines.append(f"| {seed} | {arm} | {_changed(row):,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_table(results: Results) -> str:
    """One row an arm: mean ± sd over seeds, in percent; pixels changed of all kept ones."""
    lines = _heading(
        *("arm", "seeds", "pixels changed", "coverage", "precision"),
        *("mIoU", "difference", "worst class, difference"),
    )
    base = results[AS_LABELLED]
    before = [row.before.mean_iou for row in base.values()]
    lines.append(f"| before round 1 | {len(before)} | – | – | – | {spread(before, 2)} | – | – |")
    for arm in ARMS:
        rows = list(results[arm].values())
        columns: list[list[float | None]] = [
            [_changed(row) / row.kept_pixels for row in rows],
            [row.coverage for row in rows],
            [row.precision for row in rows],
            [row.evaluation.mean_iou for row in rows],
            [_gain(row, base[row.seed]) for row in rows],
            [_worst_gain(row, base[row.seed]) for row in rows],
        ]
        cells = " | ".join(spread(column, 2) for column in columns)
        lines.append(f"| {arm} | {len(rows)} | {cells} |")
    return "\n".join(lines)


def class_table(results: Results) -> str:
    """One row an arm: mean over seeds of every class's difference to the arm without decisions."""
    lines = _heading("arm", *CAMVID.classes)
    for arm in ARMS[1:]:
        gains = zip(
            *(_class_gains(row, results[AS_LABELLED][row.seed]) for row in results[arm].values()),
            strict=True,
        )
        lines.append(f"| {arm} | {' | '.join(spread(values).split(' ')[0] for values in gains)} |")
    return "\n".join(lines)


def _heading(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _changed(row: DecisionResult) -> int:
    changed = row.changed
    return sum(changed.corrected_pixels) + changed.ignored_pixels + sum(changed.vetoed_pixels)


def _gain(row: DecisionResult, base: DecisionResult) -> float:
    return row.evaluation.mean_iou - base.evaluation.mean_iou


def _worst_gain(row: DecisionResult, base: DecisionResult) -> float | None:
    return _class_gains(row, base)[base.worst_class]


def _class_gains(row: DecisionResult, base: DecisionResult) -> list[float | None]:
    pairs = zip(row.evaluation.class_iou, base.evaluation.class_iou, strict=True)
    return [None if here is None or there is None else here - there for here, there in pairs]


def main() -> None:
    """Print Markdown, one section for every number of iterations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True)
    found: dict[int, Results] = defaultdict(lambda: defaultdict(dict))
    for path in sorted((parser.parse_args().work / "results" / "decisions").glob("*.json")):
        row = DecisionResult.model_validate_json(path.read_bytes())
        found[row.iterations][row.arm][row.seed] = row
    for iterations, results in sorted(found.items()):
        print(f"### {iterations} iterations\n")
        for seed, row in results.pop(AGAIN, {}).items():
            same = row.teacher_sha256 == results[AS_LABELLED][seed].teacher_sha256
            print(f"Seed {seed} trained twice: the teachers are {'the same' if same else 'DIFFERENT'}.\n")
        print(f"{seed_table(results)}\n\n{mean_table(results)}\n\n{class_table(results)}\n")


if __name__ == "__main__":
    main()
