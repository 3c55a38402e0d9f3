"""The training state of a job in the artifact store, so that another machine can go on with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from backend.artifacts import ArtifactStore
from hiast.contracts.errors import Superseded, UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.step_files import STATE_FILE


@contextmanager
def resumable(artifacts: ArtifactStore, key: str, on_progress: OnProgress) -> Iterator[OnProgress]:
    """A training inside goes on from the state stored at `key`; gives the `on_progress` to hand to it.

    The state is published at the first progress after the training has written it, and once more when the
    training is stopped. What becomes of it when the training has ended well is up to the training.
    """
    if artifacts.holds(key, STATE_FILE):
        artifacts.take(key, {STATE_FILE: None})
    path = artifacts.directory(key) / STATE_FILE

    def written() -> tuple[int, int] | None:
        # Each state is a new file that replaces the one before.
        try:
            state = path.stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns

    published = written()

    def publish() -> None:
        nonlocal published
        present = written()
        if present is not None and present != published:
            artifacts.publish(key, [STATE_FILE])
            published = present

    def progress(report: Progress) -> None:
        publish()
        on_progress(report)

    try:
        yield progress
    except Superseded:
        # The stored state is the successor's now.
        raise
    except BaseException:
        try:
            publish()
        except UserError as error:
            # Why the training ended matters more; the state published before is still there.
            sys.stderr.write(f"the last training state is not in the store: {error}\n")
        raise
