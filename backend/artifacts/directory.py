"""A store that is a directory all processes see: a local disk, or a volume that several hosts mount."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from hiast.contracts.errors import UserError
from hiast.data.atomic_files import remove_unfinished, write_atomically


class DirectoryStore:
    """Jobs work in the store itself, so there is nothing to publish or to fetch."""

    def __init__(self, root: Path) -> None:
        """Makes the directory. Raises UserError when that is refused."""
        self.url = f"file://{root}"
        self._root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"the artifact store cannot be made ({error.strerror}).",
                where=self.url,
                remedy="Give write permission, or another directory in STUDIO_ARTIFACTS_URL.",
            ) from error

    def directory(self, key: str) -> Path:
        """The folder of `key` in the store."""
        path = self._root / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def publish(self, key: str, names: Sequence[str], *, version: str | None = None) -> None:
        """Nothing: the files lie in the store already."""

    def put(self, key: str, name: str, content: bytes) -> None:
        """Write a file of this content."""
        write_atomically(self._root / key / name, content)

    def fetch(self, key: str, names: Sequence[str], *, version: str | None = None) -> Path:  # noqa: ARG002
        """The folder of `key` in the store."""
        return self._root / key

    def take(
        self,
        key: str,
        versions: Mapping[str, str | None],
        on_file: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Nothing: the files lie in the store already."""

    def holds(self, key: str, name: str) -> bool:
        """Is there such a file?"""
        return (self._root / key / name).is_file()

    def names(self, key: str) -> list[str]:
        """Every file below the folder of `key`."""
        folder = self._root / key
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def remove(self, key: str, names: Iterable[str]) -> None:
        """Delete files."""
        for name in names:
            (self._root / key / name).unlink(missing_ok=True)

    def remove_unfinished(self, key: str) -> None:
        """Delete what killed processes left below the folder of `key`."""
        remove_unfinished(self._root / key)

    def problem(self) -> str | None:
        """Writes a byte or two; a sentence when the directory is gone, full, or not to be written."""
        try:
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"is there room?")
        except OSError as error:
            return f"{self.url}: the directory cannot be written ({error.strerror}); mount or mend it"
        return None
