"""The counted confidences of a labelled round, and what is said of a round that has none."""

from __future__ import annotations

from pathlib import Path

from backend.artifacts import ArtifactStore
from backend.errors import ConflictError
from backend.rounds.tables import Round
from hiast.contracts.errors import NotFoundError
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.step_files import HISTOGRAMS_FILE


def finished_labels(round_: Round) -> LabelSetReport:
    """The round's label set. Raises ConflictError while labels are being made."""
    if round_.label_set is None:
        raise ConflictError(
            f"round {round_.number} is not completely labelled.", remedy="Ask again when it is in review."
        )
    return round_.label_set


def counts_file(artifacts: ArtifactStore, key: str, number: int) -> Path:
    """The counts of the round that lies at `key`. Raises NotFoundError for one of an earlier version."""
    if not artifacts.holds(key, HISTOGRAMS_FILE):
        raise NotFoundError(
            f"round {number} has no counts of its confidences: an earlier version labelled it.",
            where=f"{key}/{HISTOGRAMS_FILE}",
            remedy="Rounds that are labelled from now on have them.",
        )
    return artifacts.fetch(key, [HISTOGRAMS_FILE]) / HISTOGRAMS_FILE
