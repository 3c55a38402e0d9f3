"""The artifact store: label files and checkpoints, in a directory all processes see."""

from __future__ import annotations

from pathlib import Path

from hiast.contracts.errors import UserError


def artifact_root(url: str) -> Path:
    """The directory behind an artifact URL (file:///...), made if missing. Raises UserError."""
    if not url.startswith("file:///"):
        raise UserError(
            f"artifact store {url!r} is not a directory.",
            where="STUDIO_ARTIFACTS_URL",
            remedy="Give file:///an/absolute/directory that the API and every worker can reach.",
        )
    root = Path(url.removeprefix("file://"))
    root.mkdir(parents=True, exist_ok=True)
    return root


def round_key(run_id: int, round_number: int) -> str:
    """Where the checkpoints of a round lie, relative to the store."""
    return f"runs/{run_id}/rounds/{round_number}"


def labels_key(run_id: int, round_number: int) -> str:
    """Where the label files of a round lie, relative to the store."""
    return f"{round_key(run_id, round_number)}/labels"


def measurements_key(run_id: int, round_number: int) -> str:
    """Where jobs that look at a part of a round's images leave what the network said."""
    return f"{round_key(run_id, round_number)}/measurements"


def warm_up_key(run_id: int) -> str:
    """Where the checkpoint before round 1 lies, relative to the store."""
    return f"runs/{run_id}/warm_up"
