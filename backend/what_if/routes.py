"""HTTP in and out of what-if questions."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Request

from backend.database import read_session
from backend.dependencies import Artifacts, DatabaseEngine, Id
from backend.what_if import service
from backend.what_if.schemas import WhatIf, WhatIfRead

router = APIRouter(prefix="/rounds", tags=["rounds"])


@router.post("/{round_id}/what-if", responses={404: {}, 409: {}})
async def ask_what_if(
    request: Request, round_id: Id, body: WhatIf, engine: DatabaseEngine, artifacts: Artifacts
) -> WhatIfRead:
    """What other thresholds, settings or orders would have kept, exactly, over all images. Changes nothing.

    The threshold recursion is replayed on stored counts, so the answer is what labelling with these
    settings would have given. Reviews, vetoes and corrections are not in it.
    """

    def _answer() -> WhatIfRead:
        with read_session(engine) as session:
            labelled = service.labelled_round(session, round_id)
        return service.what_if(labelled, artifacts, body)

    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)
