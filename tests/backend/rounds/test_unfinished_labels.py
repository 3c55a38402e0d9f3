"""A round that is being labelled has no bundle, and what-if asks nothing of it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from backend.database import read_session
from backend.errors import ConflictError
from backend.what_if import service as what_ifs
from tests.backend.reviews.conftest import ClientOf, client_of, origin
from tests.backend.reviews.seeded_round import add_round

__all__ = ["client_of", "origin"]


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    """Its set of labels is not complete."""
    return add_round(engine)


def test_a_round_that_is_being_labelled_has_no_bundle(client_of: ClientOf, round_id: int) -> None:
    refused = client_of("ann").get(f"/rounds/{round_id}/bundle")
    assert (refused.status_code, "not completely labelled" in refused.json()["detail"]) == (409, True)


def test_a_round_that_is_being_labelled_is_not_asked(
    client_of: ClientOf, engine: Engine, round_id: int
) -> None:
    with read_session(engine) as session, pytest.raises(ConflictError, match="not completely"):
        what_ifs.labelled_round(session, round_id)
    assert client_of("ann").post(f"/rounds/{round_id}/what-if", json={}).status_code == 409
