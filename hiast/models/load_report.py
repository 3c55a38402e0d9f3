"""What loading weights did, for people and for tests."""

from __future__ import annotations

from typing import NamedTuple


class LoadReport(NamedTuple):
    """What became of every weight of a network and every entry of a file; names are sorted."""

    loaded: list[str]
    """Names, in the model, of the weights that now come from the file."""
    missing: list[str]
    """Names in the model the file does not hold; they keep the values they had."""
    unexpected: list[str]
    """Names in the file the model does not have."""
    skipped: list[str]
    """Weights of the classifier the file holds for another number of classes, with both shapes; they
    keep the values they had."""

    def summary(self) -> str:
        """Sentences with counts and the first names, for a log or a page."""
        total = len(self.loaded) + len(self.missing) + len(self.skipped)
        if len(self.loaded) == total and not self.unexpected:
            return f"All {total} weights were loaded."
        sentences = [f"{len(self.loaded)} of {total} weights were loaded."]
        for what, names in (
            ("Not in the file, values kept", self.missing),
            ("For another number of classes in the file, values kept", self.skipped),
            ("Unused entries of the file", self.unexpected),
        ):
            if names:
                sentences.append(f"{what}: {len(names)} ({_first(names)}).")
        return " ".join(sentences)


def _first(names: list[str], count: int = 3) -> str:
    rest = len(names) - count
    return ", ".join(names[:count]) + (f" and {rest} more" if rest > 0 else "")
