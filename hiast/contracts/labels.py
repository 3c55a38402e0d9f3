"""What a pixel of a pseudo-label is, besides its class."""

from enum import IntEnum


class Reason(IntEnum):
    """Why a pixel has, or has not, its label. Three meanings of "no label" stay apart."""

    KEPT = 0
    BELOW_THRESHOLD = 1
    VOID = 2
    """The ground truth or the camera has nothing to say here."""
    VETOED = 3
    """A reviewer took the label away."""
    CORRECTED = 4
    """A reviewer gave another class."""
    INCONSISTENT = 5
    """Too few of its neighbours are predicted as its class (the local-consistency gate)."""
