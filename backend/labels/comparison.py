"""Two labels of one image, pixel by pixel."""

from __future__ import annotations

import numpy as np
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore
from backend.labels import repository
from backend.labels.layers import locate
from backend.labels.schemas import ClassChange, Comparison
from backend.labels.service import summarise_labels
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError


def compare(session: Session, artifacts: ArtifactStore, left_id: int, right_id: int) -> Comparison:
    """What two labels of the same image agree on. Raises UserError when the images differ."""
    left, right = repository.get_label(session, left_id), repository.get_label(session, right_id)
    if left.image_id != right.image_id:
        raise UserError(
            f"labels {left_id} ({left.name!r}) and {right_id} ({right.name!r}) are of different images.",
            where="right",
            remedy="Compare labels of one image; same_image of GET /api/v1/labels/{id} lists them.",
        )
    files, other = locate(session, artifacts, left_id), locate(session, artifacts, right_id)
    session.close()  # what follows may wait for the artifact store; no connection is kept meanwhile
    a, b = files.read_kept(), other.read_kept()
    kept_a, kept_b, same = a != IGNORED, b != IGNORED, a == b
    classes = files.classes.num_classes
    counts_a, counts_b = np.bincount(a.ravel(), minlength=256), np.bincount(b.ravel(), minlength=256)
    counts_both = np.bincount(a[same].ravel(), minlength=256)
    left_summary, right_summary = summarise_labels(session, [left, right])
    return Comparison(
        left=left_summary,
        right=right_summary,
        pixels=a.size,
        same_kept=int((same & kept_a).sum()),
        flipped=int((~same & kept_a & kept_b).sum()),
        gained=int((~kept_a & kept_b).sum()),
        lost=int((kept_a & ~kept_b).sum()),
        classes=[
            ClassChange(
                class_id=c,
                name=files.classes.classes[c],
                left_kept=int(counts_a[c]),
                right_kept=int(counts_b[c]),
                both_kept=int(counts_both[c]),
                left_threshold=left.report.thresholds[c],
                right_threshold=right.report.thresholds[c],
            )
            for c in range(classes)
        ],
    )
