"""The doctor: looks at everything the service stores and says what does not fit, and what to do."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore
from backend.doctor.corrections import correction_problems
from backend.doctor.datasets import dataset_problems
from backend.doctor.jobs import job_problems
from backend.doctor.label_pixels import label_file_problems
from backend.doctor.labels import label_problems
from backend.doctor.problem import Problem
from backend.doctor.revisions import revision_problems
from backend.doctor.runs import run_problems
from backend.doctor.stored_files import RUNS, checkpoint_problems, litter_problems

__all__ = ["Problem", "find_problems"]


def find_problems(session: Session, artifacts: ArtifactStore, *, quick: bool = False) -> list[Problem]:
    """Everything that is wrong in the database and the artifact store; errors first.

    `session` must be fresh: the files are listed before its transaction begins, because a file is
    written before the row that names it. Works beside a running service when the session sees one
    moment (SQLite always does; PostgreSQL with REPEATABLE READ). `quick` opens no file.
    """
    stored = artifacts.names(RUNS)
    found = [
        *job_problems(session),
        *dataset_problems(session),
        *run_problems(session),
        *label_problems(session),
        *correction_problems(session, artifacts, quick=quick),
        *revision_problems(session, artifacts, stored),
        *label_file_problems(session, artifacts, stored, quick=quick),
        *checkpoint_problems(session, artifacts, quick=quick),
        *litter_problems(session, artifacts, stored),
    ]
    return sorted(found, key=lambda problem: problem.severity)
