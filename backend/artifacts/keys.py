"""Where things lie in the store, relative to its URL. Directory and bucket are laid out alike."""

from __future__ import annotations

from datetime import datetime
from typing import Final

WRITTEN_ONCE: Final = "once"
"""The version of files whose names never stand for other content."""


def round_key(run_id: int, round_number: int) -> str:
    """Where the checkpoints of a round lie."""
    return f"runs/{run_id}/rounds/{round_number}"


def labels_key(run_id: int, round_number: int) -> str:
    """Where the label files of a round lie."""
    return f"{round_key(run_id, round_number)}/labels"


def revision_key(run_id: int, round_number: int, revision: int, created_at: datetime) -> str:
    """Where the reason maps of a revision of the round's labels lie; the time as in `predictions_key`."""
    return f"{round_key(run_id, round_number)}/revisions/{revision}-{int(created_at.timestamp() * 1e6):x}"


def export_key(run_id: int, export_id: int, created_at: datetime) -> str:
    """Where an export lies; the time as in `predictions_key`."""
    return f"runs/{run_id}/exports/{export_id}-{int(created_at.timestamp() * 1e6):x}"


def corrections_key(run_id: int, round_number: int) -> str:
    """Where what people drew over the labels of a round lies."""
    return f"{round_key(run_id, round_number)}/corrections"


def measurements_key(run_id: int, round_number: int) -> str:
    """Where jobs that look at a part of a round's images leave what the network said."""
    return f"{round_key(run_id, round_number)}/measurements"


def predictions_key(run_id: int, checkpoint: str, asked_at: datetime) -> str:
    """Where lies what a checkpoint says of the target images. Ids begin at 1 again in an empty database,
    so the time is part of it."""
    return f"runs/{run_id}/predictions/{checkpoint}-{int(asked_at.timestamp() * 1e6):x}"


def label_version(round_created_at: datetime, attempt: int) -> str:
    """Changes whenever a label's files are written anew: by another attempt, or in another database.

    Ids and attempts begin at 1 again when somebody starts over with an empty database.
    """
    return f"{int(round_created_at.timestamp() * 1e6):x}-{attempt}"


def warm_up_key(run_id: int) -> str:
    """Where the checkpoint before round 1 lies."""
    return f"runs/{run_id}/warm_up"
