"""Revising a round over what is stored against labelling it anew from what the network had said.

    OMP_NUM_THREADS=1 python -m benchmarks.revisions [--images 12] [--labels 2975]

Both make the same labels of 2048×1024 images with 19 classes, files and all; the labelling needs no network
either, so this is what is saved beside inference. Then the transaction that makes a revision of `--labels`
images the present one, in SQLite: nobody decides meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from sqlalchemy.orm import Session

from backend.database import open_engine, write_session
from backend.labels.tables import Label
from backend.migrations import upgrade_database
from backend.revisions.present import make_present
from backend.revisions.repository import write_down
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from benchmarks.measuring import in_turn, seconds
from benchmarks.reviewable_round import confidence_of, make_round, scene_of
from hiast.contracts.class_spaces import CITYSCAPES
from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.selection_changes import SelectionChanges
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.data import ImageSet
from hiast.data.measurement_files import write_measurement
from hiast.rounds.revise_labels import revise_labels
from hiast.rounds.run_round import label_measured_round
from hiast.selection import Codebook

SIZE = (1024, 2048)


def said(images: int, folder: Path) -> ImageSet:
    """A target set, and what a network had said of it in `folder`/said."""
    rng, book = np.random.default_rng(0), Codebook.log12()
    entries = tuple(
        ImageEntry(name=f"{place:04d}", image_path=f"{place}.png", height=SIZE[0], width=SIZE[1])
        for place in range(images)
    )
    for entry in entries:
        write_measurement(
            folder / "said",
            entry.name,
            prediction=scene_of(rng, SIZE),
            codes=book.encode(confidence_of(rng, SIZE)).astype(np.uint16),
            classes=CITYSCAPES,
            codebook=book.name,
        )
    spec = DatasetSpec(kind="folder", root=str(folder), labelled=False)
    return ImageSet.of(spec, DatasetScan(classes=CITYSCAPES, entries=entries))


def compare_work(images: int, folder: Path) -> None:
    target = said(images, folder)
    spec = RunSpec.model_validate({"name": "revised", "target": target.spec, "model": {"weights": "none"}})
    made = []

    def label() -> None:
        made.clear()
        label_measured_round(
            spec,
            1,
            folder / "said",
            target,
            folder / "labels",
            written=[],
            on_label=made.append,
            on_progress=lambda _progress: None,
            histograms=folder / HISTOGRAMS_FILE,
        )

    selection = SelectionChanges(alpha=0.3).apply_to(spec.selection)

    def revise() -> None:
        revise_labels(
            spec.model_copy(update={"selection": selection}),
            made,
            np.arange(images),
            folder / HISTOGRAMS_FILE,
            folder / "labels",
            folder / "reasons",
            target,
            written=[],
            on_label=lambda _report: None,
            on_progress=lambda _progress: None,
        )

    found = in_turn(revise, label, runs=3)
    reasons, labels = (
        sum(file.stat().st_size for file in (folder / name).rglob("*.*")) for name in ("reasons", "labels")
    )
    print(
        f"revise {1000 * found.ours / images:.0f} ms an image, label from files "
        f"{1000 * found.theirs / images:.0f}: ratio {found.ratio:.2f}; bytes {reasons / labels:.3f}"
    )


def time_switch(labels: int, folder: Path) -> None:
    url = f"sqlite:///{folder / 'studio.sqlite'}"
    upgrade_database(url)
    engine = open_engine(url)
    round_id, _ = make_round(engine, folder / "artifacts", folder / "data", labels=2)

    def fill(session: Session) -> Revision:
        """As many labels as asked for, and a revision in which every one is another."""
        first = session.query(Label).filter_by(round_id=round_id).first()
        assert first is not None
        for place in range(2, labels):
            report = first.report.model_copy(update={"name": f"n{place}", "order": place})
            session.add(
                Label(round_id=round_id, image_id=first.image_id, name=report.name, position=place,
                      kept_share=report.kept_share, report=report, attempt=1)
            )  # fmt: skip
        session.flush()
        for number in (0, 1):
            revision = Revision(round_id=round_id, number=number, changes=SelectionChanges(), person="ann")
            session.add(revision)
            session.flush()
            write_down(session, revision)
        for row in session.query(RevisedLabel).filter_by(revision_id=revision.id):
            row.report = row.report.model_copy(update={"sha256": {"reason": "another"}})
        return revision

    with write_session(engine) as session:
        revision_id = fill(session).id

    def switch() -> None:
        with write_session(engine) as session:
            round_ = session.get_one(Round, round_id)
            assert round_.label_set is not None
            make_present(session, round_, session.get_one(Revision, revision_id), round_.label_set, {})

    print(f"switch of {labels:,} labels, all of them changed: {seconds(switch):.2f} s")


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--labels", type=int, default=2975)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare_work(arguments.images, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        time_switch(arguments.labels, Path(folder))


if __name__ == "__main__":
    main()
