"""Every table of the service, in one import, so that the metadata is complete."""

from backend.audit.tables import AuditEvent
from backend.auth.tables import SignIn, Token, User
from backend.corrections.tables import Correction
from backend.datasets.tables import Dataset, Image
from backend.idempotency.tables import IdempotentRequest
from backend.jobs.tables import Job, JobDependency, JobEvent
from backend.labels.tables import Label
from backend.predictions.tables import Prediction
from backend.reviews.tables import LabelClaim, Review, ReviewDraft
from backend.rounds.tables import Round
from backend.runs.tables import Run
from backend.workers.tables import Worker

__all__ = [
    "AuditEvent",
    "Correction",
    "Dataset",
    "IdempotentRequest",
    "Image",
    "Job",
    "JobDependency",
    "JobEvent",
    "Label",
    "LabelClaim",
    "Prediction",
    "Review",
    "ReviewDraft",
    "Round",
    "Run",
    "SignIn",
    "Token",
    "User",
    "Worker",
]
