"""The artifact store: label files, checkpoints, training states, in a directory or an S3 bucket."""

from backend.artifacts.keys import label_version, labels_key, measurements_key, round_key, warm_up_key
from backend.artifacts.store import ArtifactStore, configured_store, open_store

__all__ = [
    "ArtifactStore",
    "configured_store",
    "label_version",
    "labels_key",
    "measurements_key",
    "open_store",
    "round_key",
    "warm_up_key",
]
