"""Weak and strong views of an image (HIAST, arXiv 2302.06992, implementation details).

Weak: horizontal flip and random sized crop. Strong: the weak view with 3 of 8 colour operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor

from hiast.augmentation.resizing import image_and_label_tensors, like, resize_image, resize_label

Pixels = TypeVar("Pixels", np.ndarray, torch.Tensor)

OPERATIONS_DRAWN: Final = 3
PROBABILITY: Final = 0.5
BLUR_KERNELS: Final = (3, 41)
BLUR_CROP_HEIGHT: Final = 512
CONTRAST: Final = (0.0, 3.0)
BRIGHTNESS: Final = 0.5
POSTERISE_BITS: Final = 4
SOLARISE_THRESHOLD: Final = 0.5
JITTER: Final = 0.5
HUE: Final = 0.1


def weak_view(
    image: Pixels,
    label: Pixels,
    *,
    crop: tuple[int, int],
    crop_heights: tuple[int, int],
    generator: torch.Generator,
) -> tuple[Pixels, Pixels]:
    """A random region of the image, in the shape of the crop, resized to it; mirrored half the time.

    numpy: image (H, W, 3), label (H, W); torch: image (3, H, W), label (H, W); uint8 or float images.
    `crop` is the size of the result, height and width in pixels; `crop_heights` the smallest and
    largest height of the region, its width follows from the shape of the crop. A region that would not
    fit is shrunk until it does, so every image size works. Image bilinear, label nearest: labels keep
    only old values. `generator` (CPU) is drawn from exactly four times, whatever the sizes.
    Raises ValueError when crop or crop_heights are not positive and ordered, or the label has another
    size than the image.
    """
    if min(crop) < 1 or not 1 <= crop_heights[0] <= crop_heights[1]:
        raise ValueError(f"crop {crop} and crop_heights {crop_heights} must be positive, in order")
    pixels, ids = image_and_label_tensors(image, label)
    flip, height_draw, top_draw, left_draw = torch.rand(
        4, generator=generator, dtype=torch.float64
    ).tolist()
    height, width = _region_size((ids.shape[0], ids.shape[1]), crop, crop_heights, height_draw)
    top = int(top_draw * (ids.shape[0] - height + 1))
    left = int(left_draw * (ids.shape[1] - width + 1))
    region = (slice(top, top + height), slice(left, left + width))
    pixels = resize_image(pixels[:, region[0], region[1]], crop)
    ids = resize_label(ids[region], crop)
    if flip < 0.5:
        pixels, ids = pixels.flip(-1), ids.flip(-1)
    return like(pixels.contiguous(), image), like(ids.contiguous(), label)


def _region_size(
    image: tuple[int, int], crop: tuple[int, int], crop_heights: tuple[int, int], draw: float
) -> tuple[int, int]:
    """Height and width of the region, uniform over the heights that fit; `draw` in 0..1."""
    ratio = crop[1] / crop[0]
    largest = max(1, min(crop_heights[1], image[0], int(image[1] / ratio)))
    smallest = min(crop_heights[0], largest)
    height = smallest + int(draw * (largest - smallest + 1))
    return height, max(1, min(image[1], round(height * ratio)))


def strong_view(images: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """Recolour each image with 3 of 8 operations, drawn without repeat, each applied with p = 0.5.

    `images` (B, 3, H, W) float 0..1 on any device, already weak views; geometry is untouched, so the
    labels stay valid. Returns a new batch, same shape and range. Operations: colour jitter, Gaussian
    blur (kernel 3..41, in proportion less on crops below 512 pixels high), contrast (factor 0..3),
    brightness (±0.5), posterise to 4 bits, equalise, solarise, grey. `generators` (CPU), one per image,
    give every number: an image's view is the same in whatever batch it is; the global torch generator
    is not used. Raises ValueError when there are not as many generators as images.
    """
    views = torch.empty_like(images)
    for view, image, generator in zip(views, images, generators, strict=True):
        view.copy_(_recolour(image[None], generator)[0])
    return views


def _recolour(image: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch.randperm(len(_OPERATIONS), generator=generator)[:OPERATIONS_DRAWN]
    for index in drawn.tolist():
        if _uniform(generator, 0.0, 1.0) < PROBABILITY:
            image = _OPERATIONS[index](image, generator)
    return image


# The operations: (1, 3, H, W) in 0..1 -> the same. Two habits of theirs have a reason:
# kornia takes a third of a second to import and only training needs it: imported at first use;
# it copies plain numbers to the GPU and waits for it there: numbers are filled in on the device.


def _colour_jitter(image: Tensor, generator: torch.Generator) -> Tensor:
    from kornia.enhance import adjust_hue
    from kornia.enhance.adjust import (
        adjust_contrast_with_mean_subtraction,
        adjust_saturation_with_gray_subtraction,
    )

    # Not kornia's adjust_brightness, which adds; jitter multiplies.
    image = (image * _uniform(generator, 1 - JITTER, 1 + JITTER)).clamp_(0.0, 1.0)
    factor = _filled(image, _uniform(generator, 1 - JITTER, 1 + JITTER))
    image = adjust_contrast_with_mean_subtraction(image, factor)
    factor = _filled(image, _uniform(generator, 1 - JITTER, 1 + JITTER))
    image = adjust_saturation_with_gray_subtraction(image, factor)
    turned: Tensor = adjust_hue(image, _filled(image, _uniform(generator, -HUE, HUE) * 2 * torch.pi))
    return turned.clamp_(0.0, 1.0)


def _blur(image: Tensor, generator: torch.Generator) -> Tensor:
    from kornia.filters import gaussian_blur2d

    smallest, largest = BLUR_KERNELS
    # The official kernels are meant for crops 512 high; on smaller ones they would leave no shapes.
    widest = largest // 2 * min(1.0, image.shape[-2] / BLUR_CROP_HEIGHT)
    radius = int(_uniform(generator, smallest // 2, max(1.0, widest) + 1))
    # Borders are mirrored, which needs a radius below the image's size.
    radius = min(radius, min(image.shape[-2:]) - 1)
    # The deviation OpenCV takes for a kernel of 2·radius + 1.
    sigma = image.new_full((1, 2), 0.3 * (radius - 1) + 0.8)
    kernel = 2 * radius + 1
    blurred: Tensor = gaussian_blur2d(image, (kernel, kernel), sigma)
    return blurred.clamp_(0.0, 1.0)


def _contrast(image: Tensor, generator: torch.Generator) -> Tensor:
    from kornia.enhance.adjust import adjust_contrast_with_mean_subtraction

    factor = _filled(image, _uniform(generator, *CONTRAST))
    changed: Tensor = adjust_contrast_with_mean_subtraction(image, factor)
    return changed


def _brightness(image: Tensor, generator: torch.Generator) -> Tensor:
    from kornia.enhance import adjust_brightness

    changed: Tensor = adjust_brightness(image, _filled(image, _uniform(generator, -BRIGHTNESS, BRIGHTNESS)))
    return changed


def _posterise(image: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001
    from kornia.enhance import posterize

    posterised: Tensor = posterize(image, torch.full((), POSTERISE_BITS, device=image.device))
    return posterised


def _equalise(image: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001
    from kornia.enhance import equalize

    equalised: Tensor = equalize(image)
    return equalised


def _solarise(image: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001
    from kornia.enhance import solarize

    solarised: Tensor = solarize(image, SOLARISE_THRESHOLD)
    return solarised


def _grey(image: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001
    from kornia.color import rgb_to_grayscale

    grey: Tensor = rgb_to_grayscale(image)
    return grey.expand_as(image)


_OPERATIONS: Final[tuple[Callable[[Tensor, torch.Generator], Tensor], ...]] = (
    _colour_jitter, _blur, _contrast, _brightness, _posterise, _equalise, _solarise, _grey,
)  # fmt: skip


def _uniform(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))


def _filled(image: Tensor, number: float) -> Tensor:
    """The number as a tensor (1,) on the image's device."""
    return image.new_full((1,), number)
