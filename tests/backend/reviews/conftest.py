"""A round of eight labels that waits for review, and the API over real HTTP asked by people with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Header
from sqlalchemy import Engine

from backend.auth.person import PERMISSIONS, Person
from backend.database import write_session
from backend.datasets.tables import Dataset, Image
from backend.dependencies import _person
from backend.labels.tables import Label
from backend.main import create_app
from backend.rounds.tables import Round
from backend.runs.tables import Run
from backend.settings import get_settings
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.reports import LabelReport
from hiast.contracts.run_spec import ModelSpec, RunSpec
from tests.frontend_gradio.servers import free_port, serving

LABELS = 8
CLASSES = ClassSpace(name="two", classes=("road", "car"), colours=((0, 0, 0), (255, 255, 255)))
ClientOf = Callable[[str], httpx.Client]


def _report(order: int) -> LabelReport:
    return LabelReport(
        name=f"i{order}",
        order=order,
        height=10,
        width=10,
        thresholds=[0.5, 0.5],
        predicted_pixels=[50, 50],
        # Least kept in the middle of the order, so that the sorts differ.
        kept_pixels=[abs(order - 4) * 10, 0],
        class_values=[0.5, 0.5],
        region_weights=[],
    )


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    """Labels 1 to 8 in labelling order."""
    spec = DatasetSpec(kind="folder", root="/data", labelled=False)
    with write_session(engine) as session:
        dataset = Dataset(name="target", spec=spec, state="ready", class_space=CLASSES)
        session.add(dataset)
        session.flush()
        run = Run(
            name="r",
            recipe=None,
            state="waiting_for_review",
            spec=RunSpec(name="r", target=spec, rounds=1, model=ModelSpec(weights="w.pt")),
            class_space=CLASSES,
            target_id=dataset.id,
        )
        session.add(run)
        session.flush()
        round_ = Round(run_id=run.id, number=1, state="reviewing", image_count=LABELS)
        session.add(round_)
        for order in range(LABELS):
            image = Image(
                dataset_id=dataset.id, position=order, name=f"i{order}", image_path="i", height=10, width=10
            )
            session.add(image)
            session.flush()
            report = _report(order)
            values = {"position": order, "report": report, "kept_share": report.kept_share, "attempt": 1}
            session.add(Label(round_id=round_.id, image_id=image.id, name=image.name, **values))
            session.flush()
        return round_.id


def _named(x_person: Annotated[str, Header()] = "ann") -> Person:
    return Person(x_person, "operator", PERMISSIONS["operator"])


@pytest.fixture
def origin(
    engine: Engine,  # noqa: ARG001  (migrated)
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The API; whom a request comes from is in its header X-Person."""
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_DATABASE_URL", database_url)
    get_settings.cache_clear()
    app = create_app()
    app.dependency_overrides[_person] = _named
    with serving(app, free_port()) as address:
        yield address
    get_settings.cache_clear()


@pytest.fixture
def client_of(origin: str, round_id: int) -> Iterator[ClientOf]:  # noqa: ARG001  (there is a round)
    """A client that asks as the person named."""
    clients: list[httpx.Client] = []

    def _client(person: str) -> httpx.Client:
        clients.append(httpx.Client(base_url=f"{origin}/api/v1", headers={"X-Person": person}))
        return clients[-1]

    yield _client
    for client in clients:
        client.close()
