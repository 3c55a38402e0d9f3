"""The embedded set-up as people start it, `./studio up`, and a client that talks to it over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 90.0
TINY: dict[str, Any] = {
    "model.base_width": 8,
    "warm_up.iterations": 2,
    "warm_up.batch_size": 2,
    "warm_up.crop": [32, 64],
    "warm_up.crop_heights": [32, 64],
    "selection.initial_threshold": 0.2,
    "paste.hard_classes": 3,
    "training.iterations": 2,
    "training.batch_size": 2,
    "training.crop": [32, 64],
    "training.crop_heights": [32, 64],
    "training.log_every": 1,
}


def processes_of(home: Path) -> dict[int, str]:
    """Running processes that were told to use this home, by process id: their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = f"STUDIO_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if told and command:
            found[int(entry.name)] = command
    return found


def wait_for(what: str, check: Callable[[], Any], seconds: float = TIME_LIMIT) -> Any:
    """The first true answer of `check`; fails saying what was awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


@dataclass
class Studio:
    """One home directory and, while it is up, the `./studio up` process that serves it."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    """Further environment variables of its processes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=30, trust_env=False)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "studio"), *arguments, "--home", str(self.home)]

    def up(self, *options: str) -> None:
        environment = {
            **os.environ,
            "STUDIO_POLL_SECONDS": "0.1",
            "STUDIO_UPKEEP_SECONDS": "1",
            "STUDIO_JOB_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            **self.settings,
        }
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command("up", "--port", str(self.port), "--empty", *options),
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for("the service to answer /readyz", self._ready, 180)

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"studio up ended:\n{(self.home / 'up.log').read_text()}")
        return self.answers()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """SIGTERM, as a service manager sends it; ends cleanly and leaves no process behind."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.left_behind_nothing()

    def left_behind_nothing(self) -> None:
        assert self.process is not None
        exit_code = self.process.wait(timeout=100)
        log = (self.home / "up.log").read_text()
        assert exit_code == 0, log
        assert "killing it" not in log, log
        wait_for("job processes to be gone", lambda: not processes_of(self.home), 10)
        self.process = None

    def kill_everything(self) -> None:
        """For the end of a failed test: nothing of this home may live on."""
        for pid in processes_of(self.home):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stored_files(self, run_id: int) -> dict[str, int]:
        """Names of a run's artifacts, and when each was written."""
        root = self.home / "artifacts" / "runs" / str(run_id)
        return {str(path): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}

    # -- requests that every test makes

    def get(self, path: str, **parameters: Any) -> Any:
        with self.client as client:
            answer = client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 202, **headers: str) -> Any:
        with self.client as client:
            answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def register(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Register a data set and wait for its scan."""
        made = self.post("/datasets", {"name": name, "spec": spec})
        return self.wait_for_dataset(made["id"])

    def wait_for_dataset(self, dataset_id: int) -> dict[str, Any]:
        """The data set when its scan is over, however it ended."""

        def _scanned() -> Any:
            dataset = self.get(f"/datasets/{dataset_id}")
            return dataset if dataset["state"] != "scanning" else None

        dataset: dict[str, Any] = wait_for(f"the scan of data set {dataset_id}", _scanned)
        return dataset

    def register_streets(self, name: str, look: str, count: int, seed: int, labelled: bool = True) -> None:
        options = {"look": look, "count": count, "seed": seed, "height": 64, "width": 128}
        root = self.home / "scenes" / name
        spec = {"kind": "streets", "root": str(root), "streets": options, "labelled": labelled}
        dataset = self.register(name, spec)
        assert (dataset["state"], dataset["image_count"]) == ("ready", count), dataset

    def start_run(
        self, name: str, *, target_set: str = "target", validation_set: str = "validation", **overrides: Any
    ) -> int:
        """A run of tiny settings on the data set source and the two given."""
        fields = {**TINY, **{key.replace("__", "."): value for key, value in overrides.items()}}
        body = {
            "recipe": "streets_from_scratch",
            "name": name,
            "source": "source",
            "target": target_set,
            "validation": validation_set,
            "set": fields,
        }
        run_id: int = self.post("/runs", body)["id"]
        return run_id

    def wait_for_run(self, run_id: int, state: str, rounds: int = 0) -> dict[str, Any]:
        """Wait until the run is in `state` with at least so many rounds; a failed run fails the test."""

        def _there() -> Any:
            run = self.get(f"/runs/{run_id}")
            if run["state"] == "failed" and state != "failed":
                raise AssertionError(run["error"])
            return run if run["state"] == state and len(run["rounds"]) >= rounds else None

        run: dict[str, Any] = wait_for(f"run {run_id} to be {state}", _there)
        return run

    def wait_for_job(self, run_id: int, kind: str, done: int = 1) -> dict[str, Any]:
        """Wait until the run's job of this kind has done that many steps, and is still at it."""

        def _there() -> Any:
            jobs = self.get("/jobs", run_id=run_id)["items"]
            assert not jobs or jobs[0]["state"] != "failed", jobs[0]["error"]
            job = next((job for job in jobs if job["kind"] == kind), None)
            return job if job and job["state"] == "running" and job["done"] >= done else None

        job: dict[str, Any] = wait_for(f"a running {kind} job", _there)
        return job


@contextmanager
def running_studio(home: Path, **settings: str) -> Iterator[Studio]:
    """A studio on an empty home that is up; stopped, and seen to stop cleanly, at the end."""
    studio = Studio(home, free_port(), settings=settings)
    try:
        studio.up()
        yield studio
        studio.stop()
    finally:
        studio.kill_everything()
