"""A store in an S3 bucket, reached through fsspec, with a cache of finished files on the local disk."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import fsspec
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from backend.artifacts.cache import FileCache
from backend.errors import UnavailableError
from hiast.contracts.errors import NotFoundError, UserError

FILES_AT_ONCE: Final = 64
FEW: Final = 4
"""Up to so many objects are asked for one by one; more of them, with a list of the folder."""
_TIMEOUTS: Final = {"connect_timeout": 5, "read_timeout": 20}
_ATTEMPTS_OF_A_CHECK: Final = 1
_ATTEMPTS: Final = 4
"""A server that refuses connections is given up after some 5 s."""


class ObjectStore:
    """Objects of a bucket below a prefix. Credentials come from where the AWS tools look for them."""

    def __init__(self, url: str, *, cache: Path, cache_bytes: int, endpoint: str | None) -> None:
        """Nothing is asked of the server yet."""
        self.url = url.rstrip("/")
        self._root = self.url.removeprefix("s3://")
        self._bucket = self._root.partition("/")[0]
        # A store of another endpoint or prefix must not be answered from this one's files.
        place = hashlib.sha256(f"{endpoint} {self.url}".encode()).hexdigest()[:12]
        self._cache = FileCache(cache / place, cache_bytes)
        self._files = _connection(endpoint, _ATTEMPTS)
        self._check = _connection(endpoint, _ATTEMPTS_OF_A_CHECK)

    def directory(self, key: str) -> Path:
        """A directory of this process alone, gone when the process ends."""
        path = self._cache.own_directory() / "work" / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def publish(self, key: str, names: Sequence[str], *, version: str | None = None) -> None:
        """Upload files; an object that cannot be uploaded whole does not appear."""
        paths = [self.directory(key) / name for name in names]
        with self._explained(key):
            self._files.put([str(path) for path in paths], [self._object(key, name) for name in names])
        if version is not None:
            for path, name in zip(paths, names, strict=True):
                self._cache.adopt(path, f"{key}/{version}/{name}")

    def put(self, key: str, name: str, content: bytes) -> None:
        """Upload an object of this content."""
        with self._explained(f"{key}/{name}"):
            self._files.pipe_file(self._object(key, name), content)

    def fetch(self, key: str, names: Sequence[str], *, version: str | None = None) -> Path:
        """The cache's directory for that version of the files, which are downloaded if they must be."""
        version = version or self._version(key, names)
        for _ in self._bring(key, dict.fromkeys(names, version)):
            continue
        return self._cache.path(f"{key}/{version}")

    def take(
        self,
        key: str,
        versions: Mapping[str, str | None],
        on_file: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Link files from the cache into this process' directory; downloads what the cache lacks."""
        directory = self.directory(key)
        known = {name: version for name, version in versions.items() if version is not None}
        known |= self._present_versions(key, [name for name in versions if name not in known])
        count = 0
        for names in self._bring(key, known):
            for name in names:
                while not self._cache.link(f"{key}/{known[name]}/{name}", directory / name):
                    for _ in self._bring(key, {name: known[name]}):  # evicted since it was brought
                        continue
            count += len(names)
            on_file(count)

    def holds(self, key: str, name: str) -> bool:
        """Is there such an object?"""
        try:
            with self._explained(f"{key}/{name}"):
                self._files.info(self._object(key, name))
        except NotFoundError:
            return False
        return True

    def names(self, key: str) -> list[str]:
        """Every object below `key`."""
        prefix = self._object(key, "")
        with self._explained(key):
            return sorted(path.removeprefix(prefix) for path in self._files.find(prefix.rstrip("/")))

    def remove(self, key: str, names: Iterable[str]) -> None:
        """Delete objects and this process' files."""
        for name in names:
            (self.directory(key) / name).unlink(missing_ok=True)
            with self._explained(key):
                # S3 deletes what is not there without complaint.
                self._files.rm_file(self._object(key, name))

    def remove_unfinished(self, key: str) -> None:
        """Nothing: objects appear whole, and the directory of a killed process goes as a whole."""

    def problem(self) -> str | None:
        """Asks the server for the bucket."""
        try:
            self._check.call_s3("head_bucket", Bucket=self._bucket)
        except (OSError, BotoCoreError, ClientError) as error:
            missing = isinstance(error, FileNotFoundError)
            return str(self._no_bucket() if missing else self._explanation(error, ""))
        return None

    def _object(self, key: str, name: str) -> str:
        return f"{self._root}/{key}/{name}"

    def _version(self, key: str, names: Sequence[str]) -> str:
        """One short name for the present content of the objects."""
        with self._explained(f"{key}/{names[0]}"):
            tags = [self._files.info(self._object(key, name))["ETag"] for name in names]
        return hashlib.sha256("".join(tags).encode()).hexdigest()[:16]

    def _present_versions(self, key: str, names: Sequence[str]) -> dict[str, str]:
        """The version of each object's present content; many are asked for a thousand at a time."""
        if len(names) <= FEW:
            return {name: self._version(key, [name]) for name in names}
        with self._explained(key):
            listed = self._files.find(f"{self._root}/{key}", detail=True)
        versions = {}
        for name in names:
            if self._object(key, name) not in listed:
                raise self._absent(f"{key}/{name}")
            tag = listed[self._object(key, name)]["ETag"]
            versions[name] = hashlib.sha256(tag.encode()).hexdigest()[:16]
        return versions

    def _bring(self, key: str, versions: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        """Have files in the cache; yields their names, some at a time, as they are there."""
        everything = tuple(versions)
        for start in range(0, len(everything), FILES_AT_ONCE):
            names = everything[start : start + FILES_AT_ONCE]
            absent = [name for name in names if not self._cache.has(f"{key}/{versions[name]}/{name}")]
            if absent:
                self._download(key, {name: f"{key}/{versions[name]}/{name}" for name in absent})
            yield names

    def _download(self, key: str, cached_names: Mapping[str, str]) -> None:
        with self._cache.incoming() as directory:
            local = [directory / str(number) for number in range(len(cached_names))]
            with self._explained(f"{key}/{next(iter(cached_names))}"):
                # One request a file: parts of one object read at different moments might not match.
                self._files.get(
                    [self._object(key, name) for name in cached_names],
                    [str(path) for path in local],
                    max_concurrency=1,
                )
            for path, cached_name in zip(local, cached_names.values(), strict=True):
                self._cache.keep(path, cached_name)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """What goes wrong inside is raised as a sentence; `what` is the file it is about."""
        try:
            yield
        except (OSError, BotoCoreError, ClientError) as error:
            raise self._explanation(error, what) from error

    def _explanation(self, error: Exception, what: str) -> UserError:
        if isinstance(error, NoCredentialsError):
            return UnavailableError(
                "there are no credentials for the artifact store.",
                where=self.url,
                remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
            )
        if isinstance(error, FileNotFoundError):
            if _service_code(error) == "NoSuchBucket":
                return self._no_bucket()
            return self._absent(what)
        if isinstance(error, PermissionError):
            return UnavailableError(
                f"the artifact store refused access ({error}).",
                where=self.url,
                remedy="The credentials need s3:ListBucket, GetObject, PutObject and DeleteObject there.",
            )
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return UserError(
                "the disk of the cache is full.",
                where=str(self._cache.path("")),
                remedy="Free some space, or set a smaller STUDIO_CACHE_GIB or another STUDIO_CACHE.",
            )
        return UnavailableError(
            f"the artifact store does not answer as it should ({error}).",
            where=self.url,
            remedy="See that the server runs and is reachable; STUDIO_S3_ENDPOINT holds its address.",
        )

    def _absent(self, what: str) -> NotFoundError:
        return NotFoundError(
            f"{what} is not in the artifact store.",
            where=self.url,
            remedy="Restore it from a backup, or do the step that made it again.",
        )

    def _no_bucket(self) -> UserError:
        return UnavailableError(
            f"the artifact store's bucket {self._bucket!r} does not exist.",
            where=self.url,
            remedy="Create it, or name another one in STUDIO_ARTIFACTS_URL.",
        )


def _connection(endpoint: str | None, attempts: int) -> Any:
    """fsspec's view of the server; connects when it is first used."""
    return fsspec.filesystem(
        "s3",
        endpoint_url=endpoint,
        config_kwargs={**_TIMEOUTS, "retries": {"total_max_attempts": attempts}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _service_code(error: BaseException) -> str:
    """What the server called the fault; empty when it did not say."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ClientError):
            return str(cause.response.get("Error", {}).get("Code", ""))
        cause = cause.__cause__
    return ""
