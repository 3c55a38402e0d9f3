"""One way to resize images and label maps, and to pass between numpy and torch layouts."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)

Pixels = TypeVar("Pixels", np.ndarray, torch.Tensor)


def resize_image(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Bilinear with antialiasing: (3, H, W) uint8 or float → (3, *size), same dtype, same range."""
    if tuple(image.shape[-2:]) == size:
        return image
    # The byte kernel is ten times faster, but CPU only, and wrong for one column (torch 2.13).
    if image.dtype == torch.uint8 and (image.device.type != "cpu" or size[1] == 1):
        return resize_image(image.float(), size).round_().clamp_(0, 255).to(torch.uint8)
    return F.interpolate(image[None], size=size, mode="bilinear", antialias=True)[0]


def resize_label(label: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Nearest at pixel centres, as the bilinear grid: (..., H, W) → (..., *size); no new value appears."""
    height, width = label.shape[-2:]
    if (height, width) == size:
        return label
    rows, columns = (
        _nearest(old, new, label.device) for old, new in zip((height, width), size, strict=True)
    )
    return label[..., rows[:, None], columns]


def image_and_label_tensors(
    image: np.ndarray | torch.Tensor, label: np.ndarray | torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """numpy (H, W, 3) or torch (3, H, W), and (H, W) → torch (3, H, W) and (H, W).

    The results share memory with what was given: do not write to them. Raises ValueError when the
    sizes differ.
    """
    pixels = image if isinstance(image, torch.Tensor) else image_tensor(image)
    ids = label if isinstance(label, torch.Tensor) else _from_numpy(label)
    if pixels.shape[-2:] != ids.shape:
        raise ValueError(f"image is {tuple(pixels.shape[-2:])}, its label {tuple(ids.shape)}")
    return pixels, ids


def image_tensor(image: np.ndarray) -> torch.Tensor:
    """numpy (H, W, 3) → torch (3, H, W), sharing memory where torch can: do not write to it."""
    return _from_numpy(image).permute(2, 0, 1)


def like(result: torch.Tensor, given: Pixels) -> Pixels:
    """The result in the kind and layout of what was given: numpy images are (H, W, 3) again."""
    if isinstance(given, torch.Tensor):
        return result
    if result.dim() == 3:
        result = result.permute(1, 2, 0)
    return np.ascontiguousarray(result.numpy())


def _nearest(size: int, new_size: int, device: torch.device) -> torch.Tensor:
    return ((2 * torch.arange(new_size, device=device) + 1) * size).div(2 * new_size, rounding_mode="floor")


def _from_numpy(array: np.ndarray) -> torch.Tensor:
    # Torch has neither read-only memory (Pillow's arrays) nor negative strides (mirrored views).
    if not array.flags.writeable or min(array.strides) < 0:
        array = array.copy()
    return torch.from_numpy(array)
