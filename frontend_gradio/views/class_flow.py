"""What became of the kept pixels of every class from one round to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.labels.schemas import Comparison


@dataclass
class ClassPixels:
    """Pixels kept as one class in the round before, in this one, and in both."""

    before: int = 0
    now: int = 0
    both: int = 0


@dataclass
class ClassFlow:
    """Pixel counts over `images` of `of_images` images."""

    images: int
    of_images: int
    pixels: int = 0
    same: int = 0
    flipped: int = 0
    gained: int = 0
    dropped: int = 0
    classes: dict[str, ClassPixels] = field(default_factory=dict)

    def add(self, change: Comparison) -> None:
        """Count one image."""
        self.pixels += change.pixels
        self.same += change.same_kept
        self.flipped += change.flipped
        self.gained += change.gained
        self.dropped += change.lost
        for row in change.classes:
            counts = self.classes.setdefault(row.name, ClassPixels())
            counts.before += row.left_kept
            counts.now += row.right_kept
            counts.both += row.both_kept
