"""What only a real server and a socket show: framing, header sizes, streams."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.studio_process import free_port

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def port(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    home, port = tmp_path_factory.mktemp("served"), free_port()
    shutil.copy(migrated_file, home / "studio.sqlite")
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "backend.main:create_app",
        "--no-server-header",
    ]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--no-access-log"],
        env={**os.environ, "STUDIO_HOME": str(home), "STUDIO_BROKER_URL": "redis://127.0.0.1:1/0"},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _exchange(port: int, *parts: bytes) -> bytes:
    """What the server answers to these bytes, up to the end of the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            while more := connection.recv(65_536):
                received += more
        except (BrokenPipeError, ConnectionResetError):
            pass  # it stopped listening, as it should
    return received


def _head(method: str, path: str, *headers: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_chunked_body_is_cut_off_at_the_limit(port: int) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    headers = ("Transfer-Encoding: chunked", "Content-Type: application/json", "Connection: close")
    answer = _exchange(port, _head("POST", "/api/v1/runs", *headers), *[chunk] * 17, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer


def test_an_announced_body_is_refused_before_it_is_sent(port: int) -> None:
    headers = ("Content-Length: 2000000000", "Content-Type: application/json", "Connection: close")
    assert _exchange(port, _head("POST", "/api/v1/runs", *headers)).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("headers", [["X-Large: " + "x" * 1_000_000], [f"X-{n}: 1" for n in range(60_000)]])
def test_headers_beyond_64_kib_are_refused(port: int, headers: list[str]) -> None:
    assert _exchange(port, _head("GET", "/healthz", *headers)).startswith(b"HTTP/1.1 400")


def test_the_server_does_not_say_what_it_is(port: int) -> None:
    answer = _exchange(port, _head("GET", "/api/v1/runs", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"server:" not in answer.lower()


def test_head_of_a_stream_ends(port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{port}/api/v1"
    body = {"name": "d", "spec": {"kind": "folder", "root": str(tmp_path)}}
    with httpx.Client(trust_env=False, timeout=20) as client:
        job_id = client.post(f"{url}/datasets", json=body).json()["scan_job_id"]
        answer = client.head(f"{url}/jobs/{job_id}/events")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        # The connection is still good for the next request.
        assert client.get(f"{url}/jobs/{job_id}").json()["state"] == "queued"
