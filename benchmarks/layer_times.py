"""Server time of each layer of one 2048×1024 label: rendered, and answered with 304.

    OMP_NUM_THREADS=1 python -m benchmarks.layer_times [--repeats 15]

In one process, without a network: what is measured is the work of the API. Files are in the page cache.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from benchmarks.reviewable_round import make_round

LAYERS = (
    "image",
    "prediction",
    "kept",
    "confidence",
    "reason",
    "hard-class",
    "region-weight",
    "ground-truth",
)


def milliseconds(client: TestClient, path: str, repeats: int, **headers: str) -> tuple[float, Any]:
    """Median over the repeats, and the last answer."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = client.get(path, headers=headers)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ.update(STUDIO_HOME=folder)
        # Read the environment set above.
        from backend.main import create_app
        from backend.migrations import upgrade_database
        from backend.settings import get_settings

        upgrade_database(get_settings().resolved_database_url)
        app = create_app()
        logging.disable(logging.INFO)
        _, (label_id,) = make_round(
            app.state.engine, home / "artifacts", home / "photos", labels=1, size=(1024, 2048)
        )
        with TestClient(app) as client:
            print(f"{'':22}{'ms':>8}{'gzip':>9}{'zstd':>9}{'304':>8}{'KiB':>7}{'gzip':>7}{'zstd':>7}")
            for layer in LAYERS:
                for form in ("png", "raw") if layer != "image" else ("png",):
                    path = f"/api/v1/labels/{label_id}/layers/{layer}?format={form}"
                    plain, answer = milliseconds(client, path, repeats, **{"Accept-Encoding": "identity"})
                    packed, small = milliseconds(client, path, repeats, **{"Accept-Encoding": "gzip"})
                    quick, tiny = milliseconds(client, path, repeats, **{"Accept-Encoding": "zstd"})
                    known = {"If-None-Match": answer.headers["etag"]}
                    unchanged, empty = milliseconds(client, path, repeats, **known)
                    assert (answer.status_code, empty.status_code) == (200, 304)
                    sizes = [int(each.headers["content-length"]) // 1024 for each in (answer, small, tiny)]
                    print(
                        f"{layer:16}{form:6}{plain:8.1f}{packed:9.1f}{quick:9.1f}{unchanged:8.1f}"
                        + "".join(f"{size:7}" for size in sizes)
                    )


if __name__ == "__main__":
    main()
