"""Sends thousands of generated requests to the whole API in process and lists what it answers wrongly.

    OMP_NUM_THREADS=1 python -m benchmarks.fuzz_api [--cases 10000] [--seed 0]

Requests are generated from the API's own description: ones that fit it and ones that do not, each by
itself, and chains of requests that follow its links. Every answer must have a documented status, content
type and form, and never be a fault of the server. The database is SQLite (or STUDIO_DATABASE_URL), with
rounds to review in it.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from hypothesis.errors import Flaky, Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from backend.auth.person import PERMISSIONS
from backend.auth.secret import digest_of, new_secret
from backend.auth.tables import Token, User
from backend.database import write_session
from benchmarks.reviewable_round import make_round
from hiast.data.corrections import encode_correction

DESCRIPTION = "/api/v1/openapi.json"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SHARE_OF_CHAINS = 0.4
STEPS = 8
"""Requests of one chain."""
ROUNDS = 20
"""Rounds to review; requests approve, cancel and decide on them."""
STREAM_SECONDS = 0.3
"""A job's events end with the job, and here no worker ever ends one."""

DECISIONS = ("/review", "/vetoes", "/correction")
"""What is taken only from those who have seen what they decide on."""
SIZE = (16, 32)
PICTURES = strategies.one_of(
    strategies.binary(max_size=100),
    strategies.sampled_from([0, 7, 200, 254, 255]).map(
        lambda value: encode_correction(np.full(SIZE, value, np.uint8))
    ),
)
"""Drawn corrections, most of which fit."""
schemathesis.openapi.media_type("image/png", PICTURES)


@dataclass
class Findings:
    """What came back: how often, and which answers were wrong (with a command that repeats the request)."""

    sign_in: Callable[[], dict[str, str]]
    """The headers of somebody who may do everything; asked again when requests have taken that away."""
    data: Path
    """A folder that can be registered as a data set."""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    asked: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    wrong: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def options(self, case: Case) -> dict[str, Any]:
        """How to send a case."""
        self.headers = self.headers or self.sign_in()
        stream = case.operation.label.endswith("/events")
        return {"headers": self.headers, "timeout": STREAM_SECONDS if stream else 30}

    def make_possible(self, case: Case) -> None:
        """Let every other request name things that exist: no generator guesses them."""
        self.asked += 1
        if self.asked % 2:
            return
        for name, value in (case.path_parameters or {}).items():
            if name.endswith("_id") and type(value) is int:
                case.path_parameters[name] = value % ROUNDS + 1
        if case.method.upper() != "GET" and case.operation.label.endswith(DECISIONS):
            case.headers["If-Match"] = "*"
        if not isinstance(case.body, dict):
            return
        if case.operation.label == "POST /api/v1/datasets" and isinstance(case.body.get("spec"), dict):
            case.body = {**case.body, "spec": {"kind": "folder", "root": str(self.data)}}
        if case.operation.label == "POST /api/v1/runs":
            spec = {"target": {"kind": "folder", "root": str(self.data)}, "model": {"weights": "w.pt"}}
            run = {"name": "fuzz", "warm_up": {"iterations": 0}, "training": {"source_weight": 0}}
            case.body = {"target": f"photos of {self.data.name}", "spec": {**spec, **run}}

    def check(self, case: Case, response: Response) -> None:
        """Count an answer and note what is wrong with it."""
        label, status = case.operation.label, response.status_code
        self.answers[label, status] += 1
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers = {}
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.wrong.setdefault((label, str(failure.title), status), str(group))

    @property
    def cases(self) -> int:
        """Requests sent."""
        return sum(self.answers.values())


def fuzz(
    app: FastAPI, cases: int, data: Path, sign_in: Callable[[], dict[str, str]], *, random_seed: int = 0
) -> Findings:
    """About so many requests to the app; its database should hold something to find.

    `data`: the folder of a registered data set, named as `make_round` names it.
    """
    description = schemathesis.openapi.from_asgi(DESCRIPTION, app, headers=sign_in())
    findings = Findings(sign_in, data)
    while findings.cases < cases * SHARE_OF_CHAINS:
        chains = int((cases * SHARE_OF_CHAINS - findings.cases) / STEPS) + 1
        _follow_links(description, findings, chains, random_seed)
        random_seed += 1
    operations = [result.ok() for result in description.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    while findings.cases < cases:
        before, each = findings.cases, (cases - findings.cases) // (len(operations) * len(modes)) + 1
        for operation in operations:
            for mode in modes:
                _ask_one(operation, mode, findings, each, random_seed)
        random_seed += 1
        if findings.cases == before:
            break
    return findings


def admin(engine: Engine) -> dict[str, str]:
    """The headers of a new admin."""
    secret = new_secret()
    with write_session(engine) as session:
        user = User(name=f"fuzz {secret[:8]}", role="admin")
        session.add(user)
        session.flush()
        permissions = sorted(PERMISSIONS["admin"])
        session.add(Token(user_id=user.id, name="fuzz", digest=digest_of(secret), scopes=permissions))
    return {"Authorization": f"Bearer {secret}"}


def _settings(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


def _ask_one(
    operation: Any, mode: GenerationMode, findings: Findings, examples: int, random_seed: int
) -> None:
    @seed(random_seed)
    @_settings(examples)
    @given(case=operation.as_strategy(generation_mode=mode))
    def _ask(case: Case) -> None:
        findings.make_possible(case)
        findings.check(case, case.call(**findings.options(case)))

    try:
        _ask()
    except Unsatisfiable:
        return  # it takes nothing, so nothing can be wrong with it


def _follow_links(description: Any, findings: Findings, chains: int, random_seed: int) -> None:
    class Chains(description.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Case) -> None:
            findings.make_possible(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return findings.options(case)

        def validate_response(self, response: Response, case: Case, *_: Any, **__: Any) -> None:
            findings.check(case, response)

    seed(random_seed)(Chains)
    try:
        Chains.run(settings=_settings(chains, stateful_step_count=STEPS))
    except Flaky:
        return  # the same chain met another state of the database; the caller goes on with another seed


def _report(findings: Findings, seconds: float) -> None:
    print(f"{findings.cases:,} requests in {seconds:.0f} s")
    classes: Counter[int] = Counter()
    for (label, status), count in sorted(findings.answers.items()):
        classes[status] += count
        print(f"  {label:50} {status} {count:6,}")
    print("by status: " + ", ".join(f"{status}: {count:,}" for status, count in sorted(classes.items())))
    print(f"wrong answers: {len(findings.wrong)}")
    for (label, title, status), repeat in findings.wrong.items():
        print(f"\n== {label} answered {status}: {title}\n{repeat}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ.update(STUDIO_HOME=folder, STUDIO_DATA_ROOTS=folder)
        # Read the environment set above.
        from backend import health
        from backend.jobs import queue, upkeep
        from backend.main import create_app
        from backend.migrations import upgrade_database
        from backend.settings import get_settings

        upgrade_database(get_settings().resolved_database_url)
        queue.wake_worker = upkeep.wake_worker = lambda _job_id, **_kind: True
        health.broker_problem = lambda: None
        app = create_app()
        for number in range(ROUNDS):
            make_round(app.state.engine, home / "artifacts", home / f"photos{number}")
        start = time.perf_counter()
        logging.disable(logging.INFO)
        findings = fuzz(
            app,
            arguments.cases,
            home / "photos0",
            lambda: admin(app.state.engine),
            random_seed=arguments.seed,
        )
        _report(findings, time.perf_counter() - start)
    raise SystemExit(bool(findings.wrong))


if __name__ == "__main__":
    main()
