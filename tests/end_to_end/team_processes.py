"""The team set-up as the compose file describes it, as plain processes: the same commands and variables.

PostgreSQL, Redis and an S3 server are real; Caddy with our Caddyfile joins API and pages to one origin.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redis
import yaml

from tests.end_to_end.studio_process import ROOT, Studio, processes_of, wait_for
from tests.servers.ports import free_port
from tests.servers.postgres import create_database, running_postgres
from tests.servers.s3 import CREDENTIALS, S3Server

BUCKET = "studio"
ADMIN = {"name": "admin", "password": "correct horse of the team"}
SCOPES = ["read", "review", "operate", "administer"]
PORTS = ("api", "another api", "ui", "proxy health")


def compose_services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
        "services"
    ]
    return services


def compose_command(service: str) -> list[str]:
    """What docker-compose.yml runs for a service, with the interpreter of the tests."""
    program, *arguments = shlex.split(compose_services()[service]["command"])
    python = [sys.executable] if program == "python" else [sys.executable, "-m", program]
    return [*python, *arguments] if program != "caddy" else [program, *arguments]


@dataclass
class TeamStudio(Studio):
    """Every part of the team set-up as a process of its own; workers belong to machines of their own."""

    bucket_url: str = f"s3://{BUCKET}/studio"
    variables: dict[str, str] = field(default_factory=dict)
    """What the compose file sets for every service."""
    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    token: str = ""
    """Of the first admin: behind a proxy nobody is let in without signing in."""
    s3: S3Server = field(default_factory=lambda: S3Server(free_port()))

    @property
    def client(self) -> httpx.Client:
        return self.client_at(self.url)

    def client_at(self, origin: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{origin}/api/v1", headers=headers, timeout=30, trust_env=False)

    def up(self, *_options: str) -> None:
        migrated = subprocess.run(
            compose_command("migrate"), cwd=ROOT, env=self._environment(), check=False
        )
        assert migrated.returncode == 0
        self.start_api("api")
        self.start("ui")
        self.start("proxy")
        self.start_worker("machine 1")
        wait_for("every part to answer", self._ready, 180)
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=30, trust_env=False) as visitor:
            assert visitor.post("/session", json=ADMIN).status_code == 201
            self.token = visitor.post("/tokens", json={"name": "tests", "scopes": SCOPES}).json()["secret"]

    def start(self, service: str, *more: str, name: str = "", **variables: str) -> None:
        """Start the service's command of the compose file; later arguments win over its own."""
        name = name or service
        with (self.home / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                [*compose_command(service), *more],
                cwd=ROOT,
                env={**self._environment(), **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_api(self, name: str) -> None:
        """One more API process, on the port of that name."""
        cache = str(self.home / f"cache of {name}")
        listen = ("--host", "127.0.0.1", "--port", str(self.ports[name]))
        password = ADMIN["password"]
        self.start("api", *listen, name=name, STUDIO_CACHE=cache, STUDIO_ADMIN_PASSWORD=password)

    def start_worker(self, machine: str) -> None:
        """A worker on a machine that shares nothing with the others but the servers and the data sets."""
        cache = str(self.home / f"cache of {machine}")
        self.start("worker", "--hostname", machine.replace(" ", ""), name=machine, STUDIO_CACHE=cache)

    def stop_part(self, name: str) -> None:
        """SIGTERM, as a container is stopped; the part ends by itself."""
        process = self.parts.pop(name)
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGTERM), self.log(name)

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.variables,
            "STUDIO_HOME": str(self.home),
            "STUDIO_SITE": f"http://127.0.0.1:{self.port}",
            "STUDIO_PROXY_HEALTH": f"127.0.0.1:{self.ports['proxy health']}",
            "STUDIO_API_ADDRESS": f"127.0.0.1:{self.ports['api']}",
            "STUDIO_UI_ADDRESS": f"127.0.0.1:{self.ports['ui']}",
            "STUDIO_API_URL": f"http://127.0.0.1:{self.ports['api']}",
            "STUDIO_BROWSER_API_BASE": "/api/v1",
            "STUDIO_UI_PORT": str(self.ports["ui"]),
            "STUDIO_POLL_SECONDS": "0.1",
            "STUDIO_UPKEEP_SECONDS": "1",
            "STUDIO_JOB_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "GRADIO_TEMP_DIR": str(self.home / "gradio"),
            # Caddy keeps its state there.
            "XDG_DATA_HOME": str(self.home / "caddy"),
            "XDG_CONFIG_HOME": str(self.home / "caddy"),
        }

    def _ready(self) -> bool:
        for name, process in self.parts.items():
            assert process.poll() is None, f"{name} ended:\n{self.log(name)[-3000:]}"
        addresses = [
            f"{self.url}/readyz",
            f"http://127.0.0.1:{self.ports['ui']}/healthz",
            f"{self.url}/sign-in",
        ]
        try:
            return all(
                httpx.get(address, timeout=5, trust_env=False).status_code == 200 for address in addresses
            )
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Every part ends when it is asked to; nothing lives on."""
        for name in reversed(list(self.parts)):
            self.stop_part(name)
        wait_for("job processes to be gone", lambda: not processes_of(self.home), 10)

    def stored_files(self, run_id: int) -> dict[str, int]:
        listed = self.s3.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {
            entry["Key"]: int(entry["LastModified"].timestamp())
            for page in listed
            for entry in page.get("Contents", [])
            if f"/runs/{run_id}/" in entry["Key"]
        }


@contextmanager
def _running_redis(home: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    with (home / "redis.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    client = redis.Redis(port=port)
    try:
        while True:
            assert process.poll() is None, (home / "redis.log").read_text()
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        process.terminate()
        process.wait()


@contextmanager
def running_team(home: Path) -> Iterator[TeamStudio]:
    """The team set-up on empty servers of its own; stopped, and seen to stop cleanly, at the end."""
    with ExitStack() as servers:
        database = create_database(servers.enter_context(running_postgres()), "studio")
        broker = servers.enter_context(_running_redis(home))
        studio = TeamStudio(home, free_port(), ports={name: free_port() for name in PORTS})
        studio.s3.start()
        servers.callback(studio.s3.stop)
        studio.s3.create_bucket(BUCKET)
        studio.variables = {
            **CREDENTIALS,
            "STUDIO_DATABASE_URL": database,
            "STUDIO_BROKER_URL": broker,
            "STUDIO_ARTIFACTS_URL": studio.bucket_url,
            "STUDIO_S3_ENDPOINT": studio.s3.endpoint,
            "STUDIO_DATA_ROOTS": str(home),
        }
        try:
            studio.up()
            yield studio
            studio.stop()
        finally:
            studio.kill_everything()
