"""Every table of the service, in one import, so that the metadata is complete."""

from backend.datasets.tables import Dataset, Image
from backend.jobs.tables import Job, JobEvent
from backend.labels.tables import Label
from backend.reviews.tables import Review
from backend.rounds.tables import Round
from backend.runs.tables import Run

__all__ = ["Dataset", "Image", "Job", "JobEvent", "Label", "Review", "Round", "Run"]
