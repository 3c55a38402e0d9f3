"""Training batches as a function of the iteration: whoever resumes at iteration i sees what came then.

Everything about an image of a batch is drawn from (seed, iteration, its place in the batch) alone, so
neither an interruption nor the number of loading or training processes changes it. Loading processes
only read files; pasting and views happen on the training device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hiast.augmentation import paste_hard_classes, weak_view
from hiast.augmentation.resizing import image_and_label_tensors
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.datasets import ImageEntry
from hiast.data.image_set import ImageSet
from hiast.pasting import Donor, PasteSource, donors_for
from hiast.pasting.draws import DROPOUT, WEAK, image_of_draw, random_numbers
from hiast.rounds.device import loading_processes

LabelReader = Callable[[ImageEntry], NDArray[np.uint8]]


class Sample(NamedTuple):
    """One image as read: (3, H, W) uint8 and its label (H, W) uint8, and the donors drawn for it."""

    name: str
    place: int
    """Its place in the batch, from 0."""
    image: Tensor
    label: Tensor
    donors: list[Donor]
    donor_pixels: list[tuple[Tensor, Tensor]]


class Batch(NamedTuple):
    """images: (B, 3, h, w) float 0..1, weak views; labels: (B, h, w) uint8, 255 = no label."""

    names: list[str]
    places: list[int]
    images: Tensor
    labels: Tensor


@dataclass(frozen=True, eq=False)
class BatchPlan(Dataset[list[Sample]]):
    """Item i is the batch of iteration i, or the part of it this process trains on.

    `read_label` gives ground truth or kept pseudo-labels; None: images without any (255 everywhere).
    """

    images: ImageSet
    read_label: LabelReader | None
    batch_size: int
    crop: tuple[int, int]
    crop_heights: tuple[int, int]
    seed: tuple[int, ...]
    paste: PasteSource | None = None
    process: int = 0
    processes: int = 1

    def __getitem__(self, iteration: int) -> list[Sample]:
        """Read the images of one iteration and the donors drawn for them."""
        places = range(self.batch_size)[self.process :: self.processes]
        return [self._sample(iteration, place) for place in places]

    def rng(self, iteration: int, place: int, stream: int) -> np.random.Generator:
        """Random numbers of one image of one batch, for one purpose."""
        return random_numbers(self.seed, iteration, place, stream)

    def generators(self, iteration: int, places: Sequence[int], stream: int) -> list[torch.Generator]:
        """The same as torch generators (CPU), one an image."""
        return [torch_generator(self.rng(iteration, place, stream)) for place in places]

    def weak_views(self, samples: Sequence[Sample], iteration: int, device: torch.device) -> Batch:
        """Paste the donors into the images and take weak views, on `device`."""
        views, labels = [], []
        generators = self.generators(iteration, [sample.place for sample in samples], WEAK)
        for sample, generator in zip(samples, generators, strict=True):
            image, label = sample.image.to(device), sample.label.to(device)
            for donor_image, donor_label in sample.donor_pixels:
                image, label, _ = paste_hard_classes(
                    image,
                    label,
                    donor_image.to(device),
                    donor_label.to(device),
                    self.paste.hard if self.paste else (),
                )
            view, ids = weak_view(
                image, label, crop=self.crop, crop_heights=self.crop_heights, generator=generator
            )
            views.append(view.float() / 255.0)
            labels.append(ids)
        names, places = [sample.name for sample in samples], [sample.place for sample in samples]
        return Batch(names, places, torch.stack(views), torch.stack(labels))

    def _sample(self, iteration: int, place: int) -> Sample:
        entry = self._entry(iteration * self.batch_size + place)
        image, label = self._read(entry)
        present = torch.unique(label).tolist()
        donors = donors_for(self.paste, self.seed, iteration, place, present) if self.paste else []
        pixels = [self._read(self.images.entry(donor.image)) for donor in donors]
        return Sample(entry.name, place, image, label, donors, pixels)

    def _entry(self, draw: int) -> ImageEntry:
        images = self.images.entries
        entry: ImageEntry = images[image_of_draw(self.seed, draw, len(images))]
        return entry

    def _read(self, entry: ImageEntry) -> tuple[Tensor, Tensor]:
        pixels = self.images.read_image(entry)
        ids = self.read_label(entry) if self.read_label else np.full(pixels.shape[:2], IGNORED, np.uint8)
        return image_and_label_tensors(pixels, ids)


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A torch generator (CPU) seeded by the next draw of a numpy one."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def seed_dropout(plan: BatchPlan, iteration: int) -> None:
    """Seed torch's global generator, which only the networks themselves draw from."""
    torch.manual_seed(int(plan.rng(iteration, plan.process, DROPOUT).integers(2**62)))


def load_both(
    first: BatchPlan, second: BatchPlan | None, start: int, stop: int, device: torch.device
) -> Iterator[tuple[int, list[Sample], list[Sample] | None]]:
    """(iteration, samples of the first, of the second or None) from `start` up to `stop`, read ahead."""
    loaders = loading_processes(device)
    batches = load_batches(first, start, stop, loaders)
    if second is None:
        for iteration, samples in batches:
            yield iteration, samples, None
    else:
        others = load_batches(second, start, stop, loaders)
        for (iteration, samples), (_, other) in zip(batches, others, strict=True):
            yield iteration, samples, other


def load_batches(
    plan: BatchPlan, start: int, stop: int, loaders: int
) -> Iterator[tuple[int, list[Sample]]]:
    """(iteration, samples) from `start` up to, not including, `stop`; `loaders` 0 reads in this process."""
    iterations = range(start, stop)
    loader: DataLoader[list[Sample]] = DataLoader(
        plan,
        batch_size=None,
        sampler=iterations,
        num_workers=loaders,
        multiprocessing_context="forkserver" if loaders else None,
    )
    yield from zip(iterations, loader, strict=True)
