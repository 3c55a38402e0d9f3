"""What earlier scans found intact, so that an interrupted scan goes on and a repeated one is quick.

One JSON object a line, appended while a scan works. Only intact pairs are written: faulty ones are few,
and are looked at again each time, so that a mended permission shows. Later lines replace earlier ones;
a line that is no whole JSON object (the last one of a scan that was killed) counts as absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import CheckLevel, DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data.file_stamps import FileStamp

_VERSION: Final = 1
"""Counts up when checking changes such that pairs found intact before must be checked again."""


class CheckedPair(NamedTuple):
    """An entry as checking left it, and the stamps its files had before they were read."""

    entry: ImageEntry
    image: FileStamp | None
    label: FileStamp | None


class ScanJournal:
    """The journal of one data set, or of nothing when it has no path."""

    def __init__(
        self, path: Path | None, spec: DatasetSpec, classes: ClassSpace, level: CheckLevel
    ) -> None:
        """Read what there is. Raises UserError when the file cannot be read."""
        self._path, self._level = path, level
        self._rules = _rules(spec, classes)
        self._lines: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._torn = False
        if path is not None and path.exists():
            try:
                content = path.read_bytes()
            except OSError as error:
                raise _unusable(path, error) from error
            self._torn = bool(content) and not content.endswith(b"\n")
            self._take(content)

    def _take(self, content: bytes) -> None:
        for text in content.splitlines():
            try:
                line = json.loads(text)
                # Pixels were looked at: that covers headers, not the other way round.
                if line["rules"] == self._rules and line["check"] in ("pixels", self._level):
                    self._lines[line["image_path"], line["label_path"]] = line
            except (ValueError, KeyError, TypeError):
                continue

    def intact(
        self, entry: ImageEntry, image: FileStamp | None, label: FileStamp | None
    ) -> ImageEntry | None:
        """The entry with its size when its files are those a scan found intact, else None."""
        line = self._lines.get((entry.image_path, entry.label_path))
        if line is None or line["image"] != _state(image) or line["label"] != _state(label):
            return None
        return entry.model_copy(update={"height": line["height"], "width": line["width"]})

    def append(self, pairs: Iterable[CheckedPair]) -> None:
        """Write down the intact pairs that are not here yet. Raises UserError when that fails."""
        if self._path is None:
            return
        text = "".join(
            self._line(pair) for pair in pairs if pair.entry.problem is None and self.intact(*pair) is None
        )
        if not text:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # One write, unbuffered: two scans that share a journal do not tear each other's lines.
            with self._path.open("ab", buffering=0) as stream:
                stream.write(("\n" + text if self._torn else text).encode())
        except OSError as error:
            raise _unusable(self._path, error) from error
        self._torn = False

    def _line(self, pair: CheckedPair) -> str:
        entry = pair.entry
        line = {
            "rules": self._rules,
            "check": self._level,
            "image_path": entry.image_path,
            "label_path": entry.label_path,
            "image": _state(pair.image),
            "label": _state(pair.label),
            "height": entry.height,
            "width": entry.width,
        }
        return json.dumps(line) + "\n"


def _rules(spec: DatasetSpec, classes: ClassSpace) -> str:
    """Short name of everything besides the files that decides whether a pair is intact."""
    rules = [_VERSION, spec.kind, spec.class_space, classes.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:12]


def _state(stamp: FileStamp | None) -> list[int] | None:
    return None if stamp is None else [stamp.size, stamp.modified_ns]


def _unusable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"the journal of the scan cannot be used ({error.strerror}).",
        where=str(path),
        remedy="Free disk space or give access to the file, or delete it: the next scan starts anew.",
    )
