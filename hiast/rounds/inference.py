"""How a network looks at one image: resized, at several scales, mirrored, through a sliding window."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)
from torch import Tensor

from hiast.augmentation.resizing import image_tensor, resize_image
from hiast.contracts.datasets import ImageEntry
from hiast.contracts.run_spec import InferenceSpec
from hiast.data.image_set import ImageSet
from hiast.models import SegmentationModel
from hiast.rounds.device import network_input

READ_AHEAD: Final = 2
"""Images read while the network works on another."""


def predict(model: SegmentationModel, image: Tensor, spec: InferenceSpec) -> Tensor:
    """Logits (1, C, H, W) float32 of one image (3, H, W) uint8 on the model's device, at its own size.

    One view: the network's logits. Several: the logarithm of the mean softmax, so that a softmax of the
    result gives that mean.
    """
    height, width = image.shape[-2:]
    views = list(itertools.product(spec.scales, (False, True) if spec.flip else (False,)))
    base = spec.size or (height, width)
    with torch.inference_mode():
        if len(views) == 1:
            return _view(model, image, base, spec, views[0])
        total = torch.zeros((), device=image.device)
        for view in views:
            total = total + _view(model, image, base, spec, view).softmax(1)
        return (total / len(views)).clamp_min(torch.finfo(torch.float32).tiny).log()


def _view(
    model: SegmentationModel,
    image: Tensor,
    base: tuple[int, int],
    spec: InferenceSpec,
    view: tuple[float, bool],
) -> Tensor:
    scale, flip = view
    size = (max(1, round(base[0] * scale)), max(1, round(base[1] * scale)))
    seen = network_input(resize_image(image, size)[None])
    logits = _windows(model, seen.flip(-1) if flip else seen, spec)
    logits = logits.flip(-1) if flip else logits
    own = (image.shape[-2], image.shape[-1])
    return logits if size == own else F.interpolate(logits, own, mode="bilinear", align_corners=True)


def _windows(model: SegmentationModel, seen: Tensor, spec: InferenceSpec) -> Tensor:
    """Logits of the whole input; where windows overlap, their mean."""
    height, width = seen.shape[-2:]
    if spec.window is None or (spec.window[0] >= height and spec.window[1] >= width):
        logits: Tensor = model(seen).float()
        return logits
    window = (min(spec.window[0], height), min(spec.window[1], width))
    total = seen.new_zeros((1, model.num_classes, height, width))
    count = seen.new_zeros((height, width))
    for top in _starts(height, window[0], spec.window_overlap):
        for left in _starts(width, window[1], spec.window_overlap):
            rows, columns = slice(top, top + window[0]), slice(left, left + window[1])
            total[..., rows, columns] += model(seen[..., rows, columns]).float()
            count[rows, columns] += 1
    return total / count


def _starts(length: int, window: int, overlap: float) -> list[int]:
    """Where windows begin: evenly spaced, the last one ending at the border."""
    step = max(1, int(window * (1 - overlap)))
    windows = max(1, -(-(length - window) // step) + 1)
    return [round(index * (length - window) / max(1, windows - 1)) for index in range(windows)]


def read_ahead(images: ImageSet, entries: Sequence[ImageEntry]) -> Iterator[tuple[ImageEntry, Tensor]]:
    """Each entry with its image (3, H, W) uint8, read by another thread while this one computes."""

    def read(entry: ImageEntry) -> Tensor:
        return image_tensor(images.read_image(entry))

    with ThreadPoolExecutor(1) as reader:
        waiting: deque[tuple[ImageEntry, Future[Tensor]]] = deque()
        remaining = iter(entries)
        for entry in itertools.islice(remaining, READ_AHEAD):
            waiting.append((entry, reader.submit(read, entry)))
        try:
            while waiting:
                entry, image = waiting.popleft()
                for following in itertools.islice(remaining, 1):
                    waiting.append((following, reader.submit(read, following)))
                yield entry, image.result()
        finally:
            for _, image in waiting:
                image.cancel()
