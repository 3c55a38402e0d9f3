"""Training batches as a function of the iteration: whoever resumes at iteration i sees what came then.

Every batch is drawn from (seed, iteration) alone, so neither the number of loading processes nor an
interruption changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hiast.augmentation import Donor, draw_donors, paste_hard_classes, weak_view
from hiast.augmentation.resizing import image_and_label_tensors
from hiast.contracts.datasets import ImageEntry
from hiast.data.image_set import ImageSet

LabelReader = Callable[[ImageEntry], NDArray[np.uint8]]


class Batch(NamedTuple):
    """images: (B, 3, h, w) float 0..1, weak views; labels: (B, h, w) uint8, 255 = no label."""

    names: list[str]
    images: Tensor
    labels: Tensor
    donors: list[list[Donor]]
    """Per image, what was pasted into it."""


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A torch generator (CPU) seeded by the next draw of a numpy one."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


@dataclass(frozen=True, eq=False)
class PasteSource:
    """Where hard classes are pasted from. `candidates`: {class: [[image name, pixels], ...]}."""

    hard: Sequence[int]
    probabilities: Sequence[float]
    candidates: Mapping[int, Sequence[Sequence[object]]]
    max_donors: int


@dataclass(frozen=True, eq=False)
class BatchPlan(Dataset[Batch]):
    """Item i is the batch of iteration i. `read_label` gives ground truth or kept pseudo-labels."""

    images: ImageSet
    read_label: LabelReader
    batch_size: int
    crop: tuple[int, int]
    crop_heights: tuple[int, int]
    seed: Sequence[int]
    paste: PasteSource | None = None

    def __getitem__(self, iteration: int) -> Batch:
        """The batch of one iteration: pick images, paste hard classes, take weak views."""
        rng = np.random.default_rng([*self.seed, iteration])
        generator = torch_generator(rng)
        views, labels, donors = [], [], []
        entries = [self._entry(iteration * self.batch_size + place) for place in range(self.batch_size)]
        for entry in entries:
            image, label = self._read(entry)
            image, label, pasted = self._paste(image, label, rng)
            view, ids = weak_view(
                image, label, crop=self.crop, crop_heights=self.crop_heights, generator=generator
            )
            views.append(view.float() / 255.0)
            labels.append(ids)
            donors.append(pasted)
        names = [entry.name for entry in entries]
        return Batch(names, torch.stack(views), torch.stack(labels), donors)

    def _entry(self, draw: int) -> ImageEntry:
        """The image of draw number `draw`: every epoch is a new permutation of all images."""
        epoch, place = divmod(draw, len(self.images.entries))
        order = np.random.default_rng([*self.seed, 1 << 40, epoch]).permutation(len(self.images.entries))
        entry: ImageEntry = self.images.entries[int(order[place])]
        return entry

    def _read(self, entry: ImageEntry) -> tuple[Tensor, Tensor]:
        return image_and_label_tensors(self.images.read_image(entry), self.read_label(entry))

    def _paste(
        self, image: Tensor, label: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, list[Donor]]:
        if self.paste is None:
            return image, label, []
        drawn = draw_donors(
            rng,
            self.paste.probabilities,
            self.paste.candidates,
            max_donors=self.paste.max_donors,
            hard=self.paste.hard,
            present=torch.unique(label).tolist(),
        )
        for donor in drawn:
            donor_image, donor_label = self._read(self.images.entry(donor.image))
            image, label, _ = paste_hard_classes(image, label, donor_image, donor_label, self.paste.hard)
        return image, label, drawn


def load_batches(plan: BatchPlan, start: int, stop: int, processes: int) -> Iterator[tuple[int, Batch]]:
    """(iteration, batch) from `start` up to, not including, `stop`; `processes` 0 loads in this one."""
    iterations = range(start, stop)
    loader: DataLoader[Batch] = DataLoader(
        plan,
        batch_size=None,
        sampler=iterations,
        num_workers=processes,
        multiprocessing_context="forkserver" if processes else None,
    )
    yield from zip(iterations, loader, strict=True)
