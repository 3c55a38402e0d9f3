"""The bundle of a round: a zip of round.json and the counted confidences of all its labels."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.decisions import RoundDecisions
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE

VERSION: Final = 2
ROUND_FILE: Final = "round.json"
_CHUNK: Final = 1 << 20


_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for content that is no zip, changed, encrypted or packed in another way."""


class RoundBundle(BaseModel):
    """Everything that made the labels of a round, but pixels and weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = VERSION
    made_by: str
    """Version of the program that labelled or packed."""
    spec: RunSpec
    """With the settings these labels follow, also where they are those of a revision."""
    number: int
    classes: ClassSpace
    network_sha256: str
    """Of the checkpoint that looked at the images."""
    labels: list[LabelReport]
    """In labelling order, with thresholds, and the SHA-256 of every file."""
    counted: list[str]
    """The same images in the order of the counts: that of the labels as the network's were made."""
    revision: int = 0
    """Which of the round's revisions the labels are."""
    label_set: LabelSetReport
    rejected: list[str]
    """Images people rejected."""
    decisions: RoundDecisions
    """What people changed of the others."""


def write_bundle(stream: IO[bytes], bundle: RoundBundle, histograms: Path) -> None:
    """Pack; `histograms` is the round's file of counts, which is read piece by piece."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(ROUND_FILE, bundle.model_dump_json(indent=1))
        with (
            histograms.open("rb") as source,
            archive.open(HISTOGRAMS_FILE, "w", force_zip64=True) as target,
        ):
            shutil.copyfileobj(source, target, _CHUNK)


def read_bundle(path: Path, histograms: Path) -> RoundBundle:
    """Read round.json, and unpack the counts to `histograms`.

    Raises UserError for a file that is no bundle, has changed, or is of another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted([ROUND_FILE, HISTOGRAMS_FILE]):
                raise ValueError(f"it holds {', '.join(archive.namelist()[:5])}")
            content = archive.read(ROUND_FILE)
            # Reading to the end compares the checksum.
            with archive.open(HISTOGRAMS_FILE) as source, histograms.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK)
        found = _Version.model_validate_json(content).version
        if found != VERSION:
            raise UserError(
                f"the bundle is of version {found}, this program reads version {VERSION}.",
                where=str(path),
                remedy="Use the version of HIAST Studio that made it.",
            )
        return RoundBundle.model_validate_json(content)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _unreadable(path, f"{ROUND_FILE}, {where}: {first['msg']}") from error
    except _DAMAGED as error:
        raise _unreadable(path, str(error)) from error


class _Version(BaseModel):
    version: int


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the bundle cannot be read ({reason}).",
        where=str(path),
        remedy="It is no bundle of a round, or was changed or cut short; download it again.",
    )
