"""`python -m tests.faults.soak --minutes 10 --seed 1`: mixed traffic on a studio whose parts keep dying.

Runs are started, reviewed, canceled and moved on, data sets registered and scanned again, while worker,
job, API and broker are killed at random moments. Then everything is led to its end, and the doctor must
find nothing. Prints what happened as JSON; exit code 1: something was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from backend.jobs.queue import ACTIVE
from tests.end_to_end.studio_process import TINY, Studio, running_studio, wait_for
from tests.faults.damage import IMPATIENT, find, problems_of

EXPECTED = {200, 201, 202, 204, 409, 412, 503}
"""409, 412: somebody was faster, or the state does not allow it. 503: a part is being started again."""
ACTIVE_RUNS = 2


@dataclass
class Soak:
    """The traffic, the damage, and the tally of both."""

    studio: Studio
    seed: int
    acknowledged: set[str] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The answer of a request that succeeded; None for refusals and a dead API."""
        try:
            with self.studio.client as client:
                answer = client.request(method, path, **options)
        except httpx.TransportError:
            self.tally["requests that met a dead API"] += 1
            return None
        self.tally[f"answers {answer.status_code}"] += 1
        if answer.status_code not in EXPECTED:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.is_success and answer.content else None

    def items(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        page = self.request("GET", path, params={"limit": 100, **parameters})
        return list(page["items"]) if page else []

    # -- traffic

    def start_run(self, chance: random.Random) -> None:
        active = [run for run in self.items("/runs") if run["state"] in ("running", "waiting_for_review")]
        if len(active) >= ACTIVE_RUNS:
            return
        settings = {
            **TINY,
            "rounds": chance.choice((1, 2)),
            "review": chance.random() < 0.7,
            "warm_up.iterations": chance.randint(2, 30),
            "training.iterations": chance.randint(2, 30),
            "compute.checkpoint_every": chance.randint(2, 10),
            "labelling.scales": chance.choice(([1.0], [1.0, 2.0])),
        }
        body = {
            "recipe": "streets_from_scratch",
            "name": f"soak {chance.randrange(10**6)}",
            "source": "source",
            "target": "target",
            "set": settings,
        }
        if chance.random() < 0.5:
            body["validation"] = "validation"
        else:
            settings["validation"] = None
        if self.request("POST", "/runs", json=body):
            self.tally["runs started"] += 1

    def review(self, chance: random.Random) -> None:
        rounds = [run["rounds"][-1] for run in self.items("/runs") if run["rounds"]]
        open_ = [round_ for round_ in rounds if round_["state"] in ("labelling", "reviewing")]
        labels = self.items(f"/rounds/{chance.choice(open_)['id']}/labels") if open_ else []
        for label in chance.sample(labels, min(3, len(labels))):
            comment = f"soak {chance.randrange(10**12)}"
            tag = {"If-Match": chance.choice(("*", f'"{label["version"]}"'))}
            # Few rejections, so that rounds can be approved.
            decision = "reject" if chance.random() < 0.1 else "accept"
            body = {"decision": decision, "comment": comment}
            if self.request("POST", f"/labels/{label['id']}/review", json=body, headers=tag):
                self.acknowledged.add(comment)

    def move_on(self, chance: random.Random) -> None:
        states = ("waiting_for_review", "failed", "canceled")
        waiting = [run for run in self.items("/runs") if run["state"] in states]
        if waiting and self.request("POST", f"/runs/{chance.choice(waiting)['id']}/advance"):
            self.tally["runs moved on"] += 1

    def cancel(self, chance: random.Random) -> None:
        runs = [run for run in self.items("/runs") if run["state"] in ("running", "waiting_for_review")]
        if runs and self.request("POST", f"/runs/{chance.choice(runs)['id']}/cancel"):
            self.tally["runs canceled"] += 1

    def cancel_job(self, chance: random.Random) -> None:
        jobs = [job for job in self.items("/jobs") if job["state"] in ("queued", "running")]
        if jobs and self.request("POST", f"/jobs/{chance.choice(jobs)['id']}/cancel"):
            self.tally["jobs canceled"] += 1

    def register(self, chance: random.Random) -> None:
        name = f"soak {chance.randrange(10**6)}"
        options = {"look": "source", "count": chance.randint(1, 6), "seed": 1, "height": 64, "width": 128}
        spec = {"kind": "streets", "root": str(self.studio.home / "scenes" / name), "streets": options}
        if self.request("POST", "/datasets", json={"name": name, "spec": spec}):
            self.tally["data sets registered"] += 1

    def rescan(self, chance: random.Random) -> None:
        datasets = [one for one in self.items("/datasets") if one["name"].startswith("soak")]
        if datasets and self.request("POST", f"/datasets/{chance.choice(datasets)['id']}/scan"):
            self.tally["data sets scanned again"] += 1

    def traffic(self, number: int) -> None:
        chance = random.Random(f"traffic {self.seed} {number}")
        actions: list[tuple[Callable[[random.Random], None], int]] = [
            (self.review, 20),
            (self.start_run, 6),
            (self.move_on, 8),
            (self.cancel, 1),
            (self.cancel_job, 1),
            (self.register, 1),
            (self.rescan, 1),
        ]
        while not self.over.wait(chance.uniform(0.5, 2.0)):
            chance.choices([action for action, _ in actions], [weight for _, weight in actions])[0](chance)

    # -- damage

    def damage(self) -> None:
        chance = random.Random(f"damage {self.seed}")
        # Seldom enough that jobs get somewhere: one takes seconds to load torch.
        while not self.over.wait(chance.uniform(8, 20)):
            part = chance.choices(("worker", "job", "api", "broker"), (3, 3, 2, 2))[0]
            number = signal.SIGTERM if chance.random() < 0.3 else signal.SIGKILL
            pid = find(self.studio, part)
            if pid is None:
                continue
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
            self.tally[f"{part}: {number.name}"] += 1

    # -- the end

    def lead_everything_to_its_end(self) -> None:
        wait_for("the service to answer again", self.studio.answers)
        rejected = 0

        def _ended() -> bool:
            nonlocal rejected
            time.sleep(0.5)
            runs = self.items("/runs")
            for run in runs:
                if run["state"] in ("waiting_for_review", "failed", "canceled") and not self.request(
                    "POST", f"/runs/{run['id']}/advance"
                ):
                    rejected += 1
            busy = [job for job in self.items("/jobs") if job["state"] in ACTIVE]
            return not busy and bool(runs) and all(run["state"] == "succeeded" for run in runs)

        wait_for("every run to succeed", _ended, 900)
        self.tally["runs succeeded"] = len(self.items("/runs"))
        self.tally["approvals refused at the end"] = rejected

    def examine(self) -> None:
        """The doctor, and every acknowledged decision exactly once."""
        problems = problems_of(self.studio)
        self.wrong += [str(problem) for problem in problems if problem.severity == "error"]
        self.tally["warnings of the doctor"] = len(problems) - len(self.wrong)
        comments: Counter[str] = Counter()
        for run in self.items("/runs"):
            for round_ in run["rounds"]:
                for label in self.items(f"/rounds/{round_['id']}/labels"):
                    reviews = self.studio.get(f"/labels/{label['id']}")["reviews"]
                    comments.update(review["comment"] for review in reviews)
        self.wrong += [f"lost: {comment}" for comment in self.acknowledged - set(comments)]
        self.wrong += [f"twice: {comment}" for comment, count in comments.items() if count > 1]
        self.tally["decisions acknowledged"] = len(self.acknowledged)
        self.tally["decisions stored"] = sum(comments.values())


def soak(seconds: float, seed: int) -> Soak:
    """Damage a studio for so long, then lead everything to its end."""
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    with running_studio(home, **IMPATIENT) as studio:
        studio.register_streets("source", "source", count=4, seed=7)
        studio.register_streets("target", "target", count=6, seed=11)
        studio.register_streets("validation", "target", count=3, seed=23)
        made = Soak(studio, seed)
        threads = [threading.Thread(target=made.traffic, args=(number,)) for number in range(2)]
        threads.append(threading.Thread(target=made.damage))
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        made.over.set()
        for thread in threads:
            thread.join()
        made.lead_everything_to_its_end()
        made.examine()
    shutil.rmtree(home)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description="Mixed traffic on a studio that keeps dying.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    done = soak(60 * arguments.minutes, arguments.seed)
    sys.stdout.write(json.dumps({**dict(sorted(done.tally.items())), "wrong": done.wrong}, indent=1) + "\n")
    return int(bool(done.wrong))


if __name__ == "__main__":
    sys.exit(main())
