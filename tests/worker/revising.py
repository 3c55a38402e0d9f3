"""Rounds in review, and asking for revisions of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.artifacts import ArtifactStore, open_store
from backend.database import read_session, write_session
from backend.doctor import find_problems
from backend.labels.tables import Label
from backend.revisions import service as revisions
from backend.revisions.schemas import RevisionCreate
from backend.rounds.tables import Round
from hiast.contracts.reports import LabelReport, LabelSetReport
from tests.worker.service import Service

IMAGES, HEIGHT, WIDTH = 6, 64, 128
ROAD = 0


def in_review(service: Service, name: str = "run", **overrides: Any) -> tuple[int, int]:
    """A run whose first round is in review: ids of both."""
    run_id = service.start_run(name, review=True, training__iterations=2, **overrides)
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        return run_id, session.scalars(select(Round.id).where(Round.run_id == run_id)).one()


def ask(service: Service, store: ArtifactStore, round_id: int, **changes: Any) -> int:
    body = RevisionCreate.model_validate({"changes": changes, "comment": "try it"})
    with write_session(service.engine) as session:
        return revisions.ask(session, store, round_id, body, "ann").number


def wait_for_review(service: Service, run_id: int, round_id: int) -> Round:
    service.wait_for_run(run_id, "waiting_for_review")
    with read_session(service.engine) as session:
        return session.get_one(Round, round_id)


def labels_of(service: Service, round_id: int) -> Sequence[Label]:
    with read_session(service.engine) as session:
        query = select(Label).where(Label.round_id == round_id).order_by(Label.position)
        return session.scalars(query).all()


def made_of(service: Service, round_id: int) -> tuple[list[LabelReport], LabelSetReport | None]:
    with read_session(service.engine) as session:
        label_set = session.get_one(Round, round_id).label_set
    return [label.report for label in labels_of(service, round_id)], label_set


def healthy(service: Service, store: ArtifactStore) -> None:
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []


def local_store(home: Path) -> ArtifactStore:
    return open_store(f"file://{home / 'artifacts'}", cache=home, cache_gib=1, s3_endpoint=None)
