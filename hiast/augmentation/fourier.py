"""Fourier domain adaptation: source images in the colours and light of target images."""

from __future__ import annotations

import torch
from torch import Tensor


def fourier_style_transfer(images: Tensor, styles: Tensor, beta: float) -> Tensor:
    """The images with the low-frequency amplitudes of the styles and their own phases.

    FDA (Yang and Soatto, arXiv 2004.05498): per channel, the amplitude spectrum of the image is
    replaced by that of the style at all frequencies up to ±b in both directions, b = ⌊beta·min(H, W)⌋;
    the mean colour, frequency 0, is among them. images, styles: (B, 3, H, W) float 0..1, any device.
    Returns a new batch, clamped to 0..1. beta 0 gives the images themselves; 0.01 to 0.09 is usual.
    Raises ValueError for shapes that differ or beta outside 0..0.5.
    """
    if images.shape != styles.shape:
        raise ValueError(f"images are {tuple(images.shape)}, styles {tuple(styles.shape)}")
    if not 0.0 <= beta < 0.5:
        raise ValueError(f"beta is {beta}; give 0 up to, not including, 0.5")
    if beta == 0.0:
        return images
    height, width = images.shape[-2:]
    half = int(min(height, width) * beta)
    # Real images have symmetric spectra: the half with column frequencies 0, 1, ... says it all.
    spectrum, of_styles = torch.fft.rfft2(images), torch.fft.rfft2(styles)
    for rows in (slice(0, half + 1), slice(height - half, height)):
        window = (..., rows, slice(0, half + 1))
        spectrum[window] = torch.polar(of_styles[window].abs(), spectrum[window].angle())
    styled: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return styled.clamp_(0.0, 1.0)
