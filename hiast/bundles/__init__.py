"""One file that says how the labels of a round were made, and checks and makes them again by it."""

from hiast.bundles.bundle import RoundBundle, read_bundle, write_bundle
from hiast.bundles.verify import replay_labels, verify_labels

__all__ = ["RoundBundle", "read_bundle", "replay_labels", "verify_labels", "write_bundle"]
