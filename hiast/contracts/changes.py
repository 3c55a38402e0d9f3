"""What became of the kept pixels of all images from one round to the next."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassChanges(_Record):
    """Pixels of one class. A pixel that is flipped leaves one class and comes to another."""

    before: int
    """Kept in the round before."""
    now: int
    both: int
    gained: int
    """Ignored before, kept now."""
    dropped: int
    """Kept before, ignored now."""
    flipped_from: int
    """Kept as this class before, as another one now."""
    flipped_to: int
    by_model: int
    """Of the changed pixels that are this class now, or were until they were dropped: those that changed
    because the network says something else. Likewise the following."""
    by_threshold: int
    """Because θ is another one."""
    by_both: int
    """Neither alone would have changed them so."""
    oscillating: int
    """As two rounds before, and not as in the round between."""


class ImageChanges(_Record):
    """Pixels of one image."""

    name: str
    pixels: int
    changed: int
    oscillating: int


class ChangeReport(_Record):
    """All images that both rounds labelled."""

    images: int
    pixels: int
    classes: list[ClassChanges]
    most_changed: list[ImageChanges]
    """The images with the greatest share of changed pixels, the greatest first."""
    most_oscillating: list[ImageChanges]
    """Likewise of pixels that go to and fro; empty without a third round."""
