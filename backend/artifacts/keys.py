"""Where things lie in the store, relative to its URL. Directory and bucket are laid out alike."""

from __future__ import annotations


def round_key(run_id: int, round_number: int) -> str:
    """Where the checkpoints of a round lie."""
    return f"runs/{run_id}/rounds/{round_number}"


def labels_key(run_id: int, round_number: int) -> str:
    """Where the label files of a round lie."""
    return f"{round_key(run_id, round_number)}/labels"


def measurements_key(run_id: int, round_number: int) -> str:
    """Where jobs that look at a part of a round's images leave what the network said."""
    return f"{round_key(run_id, round_number)}/measurements"


def warm_up_key(run_id: int) -> str:
    """Where the checkpoint before round 1 lies."""
    return f"runs/{run_id}/warm_up"
