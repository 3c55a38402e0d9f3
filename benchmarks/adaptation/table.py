"""The tables of docs/results.md from the files `run.py` wrote: mean ± sd over seeds.

python -m benchmarks.adaptation.table --work DIR
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.adaptation.arms import ARMS
from benchmarks.adaptation.sets import SETS
from hiast.contracts.class_spaces import CAMVID, STREETS

Results = dict[str, list[dict[str, Any]]]


def spread(values: Sequence[float | None], digits: int = 1) -> str:
    """Mean ± standard deviation, in percent; one value has no deviation."""
    known = [100 * value for value in values if value is not None]
    if not known:
        return "–"
    mean = f"{statistics.mean(known):z.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.{digits}f}"


def table(results: Results) -> str:
    """One row an arm: validation mIoU, its gain, coverage, precision and IoU of the labels by round."""
    lines = [
        "| arm | seeds | mIoU | gain | coverage 1, 2 | precision 1, 2 | label IoU 1, 2 |",
        "|---|---|---|---|---|---|---|",
    ]
    base = {r["seed"]: r["evaluation"]["mean_iou"] for r in results["source only"]}
    for arm in ARMS:
        rows = results.get(arm, [])
        if not rows:
            continue
        gains = [r["evaluation"]["mean_iou"] - base[r["seed"]] for r in rows if r["seed"] in base]
        labels = [
            ", ".join(spread([r["labels"][n][key] for r in rows]) for n in range(len(rows[0]["labels"])))
            or "–"
            for key in ("coverage", "precision", "mean_iou")
        ]
        scores = spread([r["evaluation"]["mean_iou"] for r in rows])
        lines.append(f"| {arm} | {len(rows)} | {scores} | {spread(gains)} | {' | '.join(labels)} |")
    return "\n".join(lines)


def class_table(results: Results, classes: Sequence[str]) -> str:
    """One row an arm: mean IoU of every class over seeds."""
    lines = [f"| arm | {' | '.join(classes)} |", "|---" * (len(classes) + 1) + "|"]
    for arm in ARMS:
        rows = results.get(arm, [])
        if rows:
            ious = zip(*(r["evaluation"]["class_iou"] for r in rows), strict=True)
            lines.append(f"| {arm} | {' | '.join(spread(values).split(' ')[0] for values in ious)} |")
    return "\n".join(lines)


def main() -> None:
    """Print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True)
    found: dict[str, Results] = {name: defaultdict(list) for name in SETS}
    for path in sorted((parser.parse_args().work / "results").glob("*.json")):
        result = json.loads(path.read_text())
        found[result["set"]][result["arm"]].append(result)
    for name, results in found.items():
        if results:
            classes = (STREETS if name == "streets" else CAMVID).classes
            print(f"### {name}\n\n{table(results)}\n\n{class_table(results, classes)}\n")


if __name__ == "__main__":
    main()
