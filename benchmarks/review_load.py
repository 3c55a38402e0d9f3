"""Fifty people review labels at once, over HTTP, against one API process as `./studio up` starts it.

    python -m benchmarks.review_load [--people 50] [--seconds 60] [--think 5] [--size 1024x2048]

Each person lists the labels, opens one, loads the pixels Inspect loads, looks at it for about `think`
seconds and decides. Prints latencies, the rate of requests, errors and the memory of the API process. This
process sends the requests, so on two cores it takes about one of them: latencies are those of a machine
that busy.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from backend.database import open_engine
from backend.migrations import upgrade_database
from benchmarks.reviewable_round import make_round

OF_INSPECT = ("layers/image", "pixels")
"""What Inspect loads of a label besides its JSON."""


@dataclass
class Measured:
    """Seconds by kind of request, and answers that were errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    received: int = 0

    async def ask(
        self, client: httpx.AsyncClient, kind: str, method: str, path: str, **request: object
    ) -> httpx.Response:
        """Send a request and note how long its answer took."""
        start = time.perf_counter()
        answer = await client.request(method, path, **request)  # type: ignore[arg-type]
        self.seconds[kind].append(time.perf_counter() - start)
        self.received += int(answer.headers.get("content-length", 0))
        if answer.is_error:
            self.errors[f"{kind} {answer.status_code}"] += 1
        return answer


async def review(
    client: httpx.AsyncClient, round_id: int, person: int, think: float, measured: Measured
) -> None:
    """One person's work, for ever."""
    chance = random.Random(person)
    await asyncio.sleep(chance.random() * think)
    while True:
        listed = await measured.ask(
            client, "list", "GET", f"/rounds/{round_id}/labels", params={"sort": "kept_share", "limit": 50}
        )
        label_id = chance.choice(listed.json()["items"])["id"]
        opened = await measured.ask(client, "open", "GET", f"/labels/{label_id}")
        label = opened.json()
        await asyncio.gather(
            *(
                measured.ask(
                    client,
                    part,
                    "GET",
                    f"/labels/{label_id}/{part}",
                    params={"v": label["layers_digest"]},
                )
                for part in OF_INSPECT
            )
        )
        await asyncio.sleep(think * (0.5 + chance.random()))
        decision = {"decision": chance.choice(("accept", "reject", "skip"))}
        path, headers = f"/labels/{label_id}/review", {"If-Match": "*"}
        await measured.ask(client, "decide", "POST", path, json=decision, headers=headers)


async def load(url: str, round_id: int, people: int, seconds: float, think: float) -> Measured:
    measured = Measured()
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1",
        trust_env=False,
        timeout=60,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    ) as client:
        work = [
            asyncio.create_task(review(client, round_id, person, think, measured))
            for person in range(people)
        ]
        done, _ = await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in work:
            task.cancel()
        for task in done:
            task.result()
    return measured


def start_api(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    """API and pages in one process, as `./studio up` starts it; waits until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "--factory", "frontend_gradio.embedded:create_app"]
    url = f"http://127.0.0.1:{port}"
    with (home / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", port, "--no-access-log", "--timeout-keep-alive", "75"],
            env={**os.environ, "STUDIO_HOME": str(home), "STUDIO_API_URL": url, "MALLOC_ARENA_MAX": "2"},
            stdout=log,
            stderr=log,
        )
    while True:
        try:
            httpx.get(f"{url}/healthz", trust_env=False)
        except httpx.TransportError:
            if process.poll() is not None:
                raise SystemExit((home / "api.log").read_text()) from None
            time.sleep(0.2)
        else:
            return process, url


def memory(process: subprocess.Popen[bytes]) -> str:
    """Resident memory now and at its peak, MiB (Linux)."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith("Vm")}
    return f"{values['VmRSS']} MiB, at its peak {values['VmHWM']} MiB"


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time the process has used (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(measured: Measured, seconds: float, of_api: str) -> None:
    print(f"{'':20}{'requests':>9}{'p50':>9}{'p95':>9}{'max':>9}   ms")
    groups = {
        "JSON": ("list", "open", "decide"),
        "pixels": OF_INSPECT,
    }
    for group, kinds in groups.items():
        for kind in (*kinds, f"all {group}"):
            every = kinds if kind.startswith("all") else (kind,)
            times = sorted(value for name in every for value in measured.seconds[name])
            if times:
                p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
                print(f"{kind:20}{len(times):9}{1000 * p50:9.0f}{1000 * p95:9.0f}{1000 * times[-1]:9.0f}")
    decided, asked = len(measured.seconds["decide"]), sum(map(len, measured.seconds.values()))
    received = measured.received / seconds / 2**20
    print(f"{asked / seconds:.1f} requests/s, {decided / seconds:.1f} labels/s, {received:.1f} MiB/s")
    print(f"API process: {of_api}")
    print(f"errors: {dict(measured.errors) or 'none'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=5.0)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--size", default="1024x2048", help="height x width of the images")
    arguments = parser.parse_args()
    height, width = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        database = f"sqlite:///{home / 'studio.sqlite'}"
        upgrade_database(database)
        round_id, _ = make_round(
            open_engine(database),
            home / "artifacts",
            home / "photos",
            labels=arguments.labels,
            size=(height, width),
        )
        process, url = start_api(home)
        try:
            before, used = memory(process), processor_seconds(process)
            settings = (arguments.people, arguments.seconds, arguments.think)
            measured = asyncio.run(load(url, round_id, *settings))
            used = processor_seconds(process) - used
            report(
                measured,
                arguments.seconds,
                f"{used:.1f} s of processor, {before} before, {memory(process)} after",
            )
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
