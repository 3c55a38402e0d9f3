import numpy as np
import pytest
import torch

from hiast.augmentation import fourier_style_transfer


def pair(height: int = 24, width: int = 31) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((2, 3, height, width), generator=generator) * 0.2 + 0.4
    return images, torch.rand((2, 3, height, width), generator=generator) * 0.2 + 0.5


def with_the_whole_spectrum(image: np.ndarray, style: np.ndarray, beta: float) -> np.ndarray:
    """As the paper describes it: the centre of the shifted amplitude spectrum is replaced."""
    spectrum = np.fft.fftshift(np.fft.fft2(image), axes=(-2, -1))
    amplitude, phase = np.abs(spectrum), np.angle(spectrum)
    of_style = np.abs(np.fft.fftshift(np.fft.fft2(style), axes=(-2, -1)))
    height, width = image.shape[-2:]
    half = int(np.floor(min(height, width) * beta))
    rows = slice(height // 2 - half, height // 2 + half + 1)
    columns = slice(width // 2 - half, width // 2 + half + 1)
    amplitude[..., rows, columns] = of_style[..., rows, columns]
    mixed = np.fft.ifft2(np.fft.ifftshift(amplitude * np.exp(1j * phase), axes=(-2, -1)))
    return np.clip(np.real(mixed), 0, 1)


@pytest.mark.parametrize("size", [(24, 31), (25, 32), (16, 16), (9, 40)])
@pytest.mark.parametrize("beta", [0.01, 0.09, 0.3, 0.49])
def test_low_amplitudes_are_those_of_the_style(size: tuple[int, int], beta: float) -> None:
    images, styles = pair(*size)
    found = fourier_style_transfer(images, styles, beta)
    expected = with_the_whole_spectrum(images.double().numpy(), styles.double().numpy(), beta)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_the_mean_colour_becomes_that_of_the_style() -> None:
    images, styles = pair()
    found = fourier_style_transfer(images, styles, 0.01)
    torch.testing.assert_close(found.mean((-2, -1)), styles.mean((-2, -1)), atol=1e-3, rtol=0)


def test_beta_zero_and_a_style_of_itself_change_nothing() -> None:
    images, styles = pair()
    assert torch.equal(fourier_style_transfer(images, styles, 0.0), images)
    torch.testing.assert_close(fourier_style_transfer(images, images, 0.1), images)


def test_results_stay_in_range_and_inputs_as_they_are() -> None:
    images = (torch.rand((1, 3, 20, 20), generator=torch.Generator().manual_seed(0)) > 0.5).float()
    before = images.clone()
    found = fourier_style_transfer(images, torch.ones_like(images), 0.1)
    assert 0 <= found.min() <= found.max() <= 1
    assert torch.equal(images, before)


def test_sizes_and_betas_that_do_not_fit_are_refused() -> None:
    images, styles = pair()
    with pytest.raises(ValueError, match="styles"):
        fourier_style_transfer(images, styles[..., :-1], 0.1)
    with pytest.raises(ValueError, match=r"beta is 0\.5"):
        fourier_style_transfer(images, styles, 0.5)
