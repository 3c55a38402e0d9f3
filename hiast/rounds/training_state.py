"""What a training needs to go on where it was interrupted, in one file beside its results.

Random numbers are not in it: everything random is drawn from (seed, iteration), see batches.py. So on
the CPU an interrupted training ends bit-identical to one that was left alone.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch

from hiast.contracts.errors import Superseded, UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.atomic_files import write_atomically
from hiast.rounds.processes import process_number

FORMAT: Final = "hiast-training-1"


class StateFile(NamedTuple):
    """Where a training keeps its state, and a fingerprint of everything it depends on.

    A state with another fingerprint belongs to another training and is not taken up.
    """

    path: Path
    fingerprint: str


@dataclass(eq=False)
class TrainingState:
    """The networks, optimizers and gradient scalers of a training (whatever has a `state_dict`), by name.

    `file` None: nothing is stored. `every`: iterations between stored states.
    """

    file: StateFile | None
    parts: Mapping[str, Any]
    every: int
    metrics: dict[str, float] = field(default_factory=dict)
    """The last curve point."""

    def resume(self) -> int:
        """Put a stored state into the parts; returns how many iterations are done.

        0, and nothing is touched, when there is no file or it belongs to another training. Raises
        UserError for a damaged file.
        """
        if self.file is None or not self.file.path.exists():
            return 0
        content = _read(self.file.path)
        if content["fingerprint"] != self.file.fingerprint:
            return 0
        for name, part in self.parts.items():
            part.load_state_dict(content["parts"][name])
        self.metrics = content["metrics"]
        return int(content["iteration"])

    def report(self, progress: Progress, on_progress: OnProgress) -> None:
        """Tell of a finished iteration, and store the state when it is due or somebody stops the work."""
        self.metrics = progress.metrics or self.metrics
        try:
            on_progress(progress)
        except Superseded:
            # The file is the successor's now.
            raise
        except BaseException:
            # Whoever stops the work wants to go on later: keep what was computed.
            self._store(progress.done)
            raise
        if progress.done % self.every == 0:
            self._store(progress.done)

    def _store(self, done: int) -> None:
        if self.file is None or process_number() > 0:
            return
        content = {
            "format": FORMAT,
            "iteration": done,
            "fingerprint": self.file.fingerprint,
            "metrics": self.metrics,
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
        }
        buffer = io.BytesIO()
        torch.save(content, buffer)
        write_atomically(self.file.path, buffer.getvalue())


def fingerprint(*inputs: str) -> str:
    """One short name for everything a training depends on."""
    return hashlib.sha256("\0".join(inputs).encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise UserError(
            f"the training state cannot be read ({(str(error) or 'it ends too early').splitlines()[0]}).",
            where=str(path),
            remedy="Delete the file to train from the start.",
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(
            f"this is no training state of format {FORMAT}.",
            where=str(path),
            remedy="Delete the file to train from the start.",
        )
    return content
