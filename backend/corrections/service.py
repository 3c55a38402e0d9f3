"""Drawing over labels: every version is a file and a row of its own, and the label stays as it was made."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, corrections_key
from backend.audit.service import record
from backend.corrections import repository
from backend.corrections.schemas import CorrectionVersion
from backend.corrections.tables import Correction
from backend.database import read_session, write_session
from backend.entity_tags import asks_for_version
from backend.errors import ConflictError, PreconditionFailedError, PreconditionRequiredError
from backend.labels import layers
from backend.labels.repository import get_label, lock_label
from backend.labels.tables import Label
from backend.pagination import Page, cut, decode_cursor
from backend.reviews.service import require_open
from backend.rounds.repository import get_round
from backend.rounds.tables import Round
from hiast.contracts.decisions import CorrectionCounts
from hiast.contracts.errors import NotFoundError, UserError
from hiast.data.corrections import count_correction, decode_correction, encode_correction
from hiast.data.label_files import inside


def draw(
    engine: Engine,
    artifacts: ArtifactStore,
    label_id: int,
    content: bytes,
    person: str,
    if_match: str | None,
) -> Correction:
    """Store a PNG as the label's correction in the place of the one before.

    Pixels and files are worked on between two short transactions. Raises UserError for a PNG that does not
    fit, PreconditionFailedError when somebody was faster, ConflictError once the round trains.
    """
    with read_session(engine) as session:
        label = get_label(session, label_id)
        round_ = get_round(session, label.round_id)
        version = _require_writable(session, label, round_, if_match)
        files = layers.locate(session, artifacts, label_id)
        size = (label.report.height, label.report.width)
    classes = files.classes.num_classes
    pixels = decode_correction(content, size, classes)
    counts = count_correction(pixels, files.read_kept(), classes)
    key = corrections_key(round_.run_id, round_.number)
    # Of two people who draw at once both write a file, and one of them a row.
    name = inside(label.name, f"{version + 1}-{secrets.token_hex(6)}.png")
    artifacts.put(key, name, encode_correction(pixels))
    try:
        with write_session(engine) as session:
            label = lock_label(session, label_id)
            if label.layers_digest != files.digest:
                raise ConflictError(
                    f"label {label_id} was made anew meanwhile.", remedy="Look at it again, then draw."
                )
            return _add_version(session, label, person, if_match, name, counts)
    except UserError:
        artifacts.remove(key, [name])
        raise


def erase(session: Session, label_id: int, person: str, if_match: str | None) -> Correction:
    """Delete the label's correction: the newest version is from now on that there is none."""
    label = lock_label(session, label_id)
    last = repository.newest(session, label_id)
    if last is None or last.file is None:
        raise NotFoundError(
            f"nothing is drawn over label {label_id}.", remedy="There is nothing to delete."
        )
    return _add_version(session, label, person, if_match, None, None)


def _add_version(
    session: Session,
    label: Label,
    person: str,
    if_match: str | None,
    file: str | None,
    counts: CorrectionCounts | None,
) -> Correction:
    """Append a version to a locked label, and to the audit trail."""
    round_ = get_round(session, label.round_id)
    # An approval waits for this version, or this version for the approval: it fixes what is trained on.
    session.refresh(round_, with_for_update={"read": True})
    version = _require_writable(session, label, round_, if_match)
    added = Correction(label_id=label.id, version=version + 1, person=person, file=file, counts=counts)
    session.add(added)
    session.flush()
    after: dict[str, Any] = {"version": added.version}
    if counts is not None:
        after |= counts.model_dump(mode="json", include={"corrected_pixels", "ignored_pixels"})
    action = "label.correct" if file else "label.uncorrect"
    record(session, person, action, "label", label.id, before={"version": version}, after=after)
    return added


def _require_writable(session: Session, label: Label, round_: Round, if_match: str | None) -> int:
    """The present version, 0 before the first one, if the request may write the next one."""
    last = repository.newest(session, label.id)
    version = last.version if last else 0
    if if_match is None:
        raise PreconditionRequiredError(
            "drawing over a label needs the If-Match header.",
            where="If-Match",
            remedy=f'Send the ETag of GET /api/v1/labels/{label.id}/correction; "0" before there is one.',
        )
    if not asks_for_version(if_match, version):
        by = f" by {last.person}" if last else ""
        raise PreconditionFailedError(
            f"what is drawn over label {label.id} was changed meanwhile (now version {version}{by}).",
            where="If-Match",
            remedy="Read it again and draw on what it is now.",
        )
    require_open(round_)
    return version


def locate(engine: Engine, label_id: int) -> tuple[int, str, str | None]:
    """Version, key and file of the label's correction; no file: nothing is drawn."""
    with read_session(engine) as session:
        label = get_label(session, label_id)
        last = repository.newest(session, label_id)
        round_ = get_round(session, label.round_id)
    key = corrections_key(round_.run_id, round_.number)
    return (last.version, key, last.file) if last else (0, key, None)


def stored(path: Path) -> bytes:
    """The content of a correction's file. Raises NotFoundError when it is gone."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(
            "the correction is not in the artifact store.",
            where=str(path),
            remedy="Restore it from a backup, or delete the correction and draw it again.",
        ) from error


def list_versions(
    session: Session, label_id: int, cursor: str | None, limit: int
) -> Page[CorrectionVersion]:
    """Everything that was drawn over the label or deleted again, newest first."""
    get_label(session, label_id)
    of = f"corrections of {label_id}"
    before = decode_cursor(cursor, int, of=of)[0] if cursor else None
    rows, total = repository.list_versions(session, label_id, before=before, limit=limit + 1)
    rows, next_cursor = cut(rows, limit, lambda last: (last.version,), of=of)
    items = [CorrectionVersion.model_validate(row, from_attributes=True) for row in rows]
    return Page(items=items, next_cursor=next_cursor, total=total)
