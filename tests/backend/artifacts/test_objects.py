"""What can go wrong between a store and its S3 server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.artifacts import ArtifactStore, open_store
from backend.errors import UnavailableError
from hiast.contracts.errors import NotFoundError, UserError
from tests.servers.ports import free_port
from tests.servers.s3 import CREDENTIALS, S3Server
from tests.servers.stores import OpenStore

pytestmark = pytest.mark.services
UPLOAD = """
import sys
from pathlib import Path
from backend.artifacts import open_store
url, endpoint, cache, size = sys.argv[1:]
store = open_store(url, cache=Path(cache), cache_gib=1, s3_endpoint=endpoint)
(store.directory("big") / "state.pt").write_bytes(b"2" * int(size))
print("ready", flush=True)
store.publish("big", ["state.pt"])
"""


def _store(tmp_path: Path, endpoint: str, bucket: str = "studio") -> ArtifactStore:
    return open_store(f"s3://{bucket}/x", cache=tmp_path / "cache", cache_gib=1, s3_endpoint=endpoint)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def test_an_absent_object_is_named(open_s3: OpenStore) -> None:
    store = open_s3()
    for fetch in (
        lambda: store.fetch("runs/1", ["student.safetensors"]),
        lambda: store.fetch("runs/1", ["student.safetensors"], version="1"),
        lambda: store.take("runs/1", {"student.safetensors": "1"}),
        lambda: store.take("runs/1", dict.fromkeys(["student.safetensors", "2", "3", "4", "5"])),
    ):
        with pytest.raises(NotFoundError, match="runs/1/student.safetensors.*backup"):
            fetch()


def _every_use(store: ArtifactStore) -> list[Callable[[], object]]:
    (store.directory("a") / "b").write_bytes(b"x")
    return [
        lambda: store.publish("a", ["b"]),
        lambda: store.fetch("a", ["b"]),
        lambda: store.fetch("a", ["b"], version="1"),
        lambda: store.holds("a", "b"),
        lambda: store.remove("a", ["c"]),
    ]


@pytest.mark.usefixtures("credentials")
def test_a_missing_bucket_is_named(s3: S3Server, tmp_path: Path) -> None:
    store = _store(tmp_path, s3.endpoint, "absent")
    for use in _every_use(store):
        with pytest.raises(UnavailableError, match="'absent' does not exist. Create it"):
            use()
    assert "'absent' does not exist" in (store.problem() or "")


@pytest.mark.usefixtures("credentials")
def test_a_server_that_is_down_is_named_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    server = S3Server(free_port())
    store = _store(tmp_path, server.endpoint)
    with pytest.raises(UnavailableError, match=r"does not answer.*STUDIO_S3_ENDPOINT") as refused:
        store.fetch("a", ["b"], version="1")
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in str(refused.value)
    assert "does not answer" in (store.problem() or "")
    server.start()
    try:
        server.create_bucket("studio")
        (store.directory("a") / "b").write_bytes(b"x")
        store.publish("a", ["b"])
        assert store.problem() is None
        assert (store.fetch("a", ["b"]) / "b").read_bytes() == b"x"
    finally:
        server.stop()


def test_absent_credentials_are_named(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    store = _store(tmp_path, s3.endpoint)
    for use in _every_use(store):
        with pytest.raises(UserError, match="no credentials.*AWS_ACCESS_KEY_ID"):
            use()


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("megabytes", [20, 120], ids=["one request", "several parts"])
def test_an_upload_that_is_killed_leaves_the_object_as_it_was(
    s3: S3Server, tmp_path: Path, megabytes: int
) -> None:
    url = f"s3://studio/killed{megabytes}"
    store = open_store(url, cache=tmp_path / "cache", cache_gib=1, s3_endpoint=s3.endpoint)
    (store.directory("big") / "state.pt").write_bytes(b"1")
    store.publish("big", ["state.pt"])
    before = s3.objects("studio")
    size = megabytes * 2**20
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-c", UPLOAD, url, endpoint, str(tmp_path / "other"), str(size)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        _forward_until_half(listening, s3.port, process, size // 2)
    assert process.returncode == -signal.SIGKILL
    assert s3.objects("studio") == before
    assert (store.fetch("big", ["state.pt"]) / "state.pt").read_bytes() == b"1"


def _forward_until_half(
    listening: socket.socket, port: int, process: subprocess.Popen[bytes], limit: int
) -> None:
    """Pass connections on to the server; kill the uploading process after so many bytes."""
    seen, lock = 0, threading.Lock()

    def pump(source: socket.socket, sink: socket.socket, counted: bool) -> None:
        nonlocal seen
        try:
            while data := source.recv(2**16):
                if counted:
                    with lock:
                        seen += len(data)
                        if seen > limit and process.poll() is None:
                            process.kill()
                sink.sendall(data)
        except OSError:
            return
        finally:
            sink.close()

    listening.settimeout(0.2)
    connections = []
    while process.poll() is None:
        try:
            client, _ = listening.accept()
        except TimeoutError:
            continue
        server = socket.create_connection(("127.0.0.1", port))
        connections += [client, server]
        threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, False), daemon=True).start()
    process.wait()
    for connection in connections:
        connection.close()
