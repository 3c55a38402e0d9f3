"""The artifact store: label files, checkpoints, training states, in a directory or an S3 bucket."""

from backend.artifacts.keys import (
    WRITTEN_ONCE,
    corrections_key,
    export_key,
    label_version,
    labels_key,
    measurements_key,
    predictions_key,
    revision_key,
    round_key,
    warm_up_key,
)
from backend.artifacts.store import ArtifactStore, configured_store, open_store

__all__ = [
    "WRITTEN_ONCE",
    "ArtifactStore",
    "configured_store",
    "corrections_key",
    "export_key",
    "label_version",
    "labels_key",
    "measurements_key",
    "open_store",
    "predictions_key",
    "revision_key",
    "round_key",
    "warm_up_key",
]
