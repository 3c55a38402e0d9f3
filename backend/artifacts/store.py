"""What every artifact store can do, and which one a URL names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from backend.artifacts.directory import DirectoryStore
from backend.settings import Settings
from hiast.contracts.errors import UserError

GIB: Final = 2**30


class ArtifactStore(Protocol):
    """Files named by a key (a folder of the store) and a name below it (may hold slashes).

    A job works in local directories and publishes what is finished *before* the database hears of it, so
    what the database names is always in the store. Every method raises UserError, with what to do, when
    the store cannot be used; UnavailableError when it does not answer.
    """

    url: str
    """The store as people may see it, without secrets."""

    def directory(self, key: str) -> Path:
        """The local directory, made if missing, in which this process works on the files of `key`."""

    def publish(self, key: str, names: Sequence[str], *, version: str | None = None) -> None:
        """Put finished files of `directory(key)` into the store; each appears whole or not at all.

        `version` as in `fetch`, for files that will be fetched with one.
        """

    def put(self, key: str, name: str, content: bytes) -> None:
        """Put a file of this content into the store, whole or not at all, and leave no copy elsewhere."""

    def fetch(self, key: str, names: Sequence[str], *, version: str | None = None) -> Path:
        """A local directory that holds these finished files of `key`, to be read now, never written.

        `version` changes whenever somebody overwrites the files; None: the store is asked.
        """

    def take(
        self,
        key: str,
        versions: Mapping[str, str | None],
        on_file: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Put files (names to their `version`, as in `fetch`) into `directory(key)`, for the process' life.

        `on_file` hears now and then how many are there; what it raises ends the work.
        """

    def holds(self, key: str, name: str) -> bool:
        """Is there such a file in the store?"""

    def names(self, key: str) -> list[str]:
        """Every file of the store below `key`, as names below it; none when there is nothing."""

    def remove(self, key: str, names: Iterable[str]) -> None:
        """Delete files, also from `directory(key)`; those that are not there are passed over."""

    def remove_unfinished(self, key: str) -> None:
        """Delete what processes that were killed while writing left; for a `key` nobody writes into now."""

    def problem(self) -> str | None:
        """Why the store cannot be used at present, or None."""


def open_store(url: str, *, cache: Path, cache_gib: float, s3_endpoint: str | None) -> ArtifactStore:
    """The store at `url`: file:///directory or s3://bucket/prefix. An S3 server is not yet asked.

    `cache` and `cache_gib`: where files of an S3 store are kept for reading again, and how many GiB.
    `s3_endpoint`: address of an S3-compatible server, None: AWS. Raises UserError for any other URL.
    """
    if url.startswith("file:///"):
        return DirectoryStore(Path(url.removeprefix("file://")))
    if url.startswith("s3://") and url.removeprefix("s3://").strip("/"):
        # Imported here: its libraries take half a second, and a directory needs none of them.
        from backend.artifacts.objects import ObjectStore

        return ObjectStore(url, cache=cache, cache_bytes=int(cache_gib * GIB), endpoint=s3_endpoint)
    raise UserError(
        f"{url.split('@')[-1]!r} is no artifact store.",
        where="STUDIO_ARTIFACTS_URL",
        remedy="Give file:///a/directory or s3://bucket/prefix that the API and every worker reach.",
    )


def configured_store(settings: Settings) -> ArtifactStore:
    """The store that the settings name."""
    return open_store(
        settings.resolved_artifacts_url,
        cache=settings.cache_directory,
        cache_gib=settings.cache_gib,
        s3_endpoint=settings.s3_endpoint,
    )
