import pytest
import torch

from hiast.contracts.run_spec import InferenceSpec
from hiast.rounds.inference import predict, read_ahead


class Coordinates(torch.nn.Module):
    """Scores depend on where a pixel is seen, so that views can be told apart."""

    num_classes = 2

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, images):
        height, width = images.shape[-2:]
        self.sizes.append((height, width))
        ramp = torch.linspace(-1, 1, width).expand(len(images), 1, height, width)
        return torch.cat([ramp, -ramp], 1) + images.mean(1, keepdim=True) * 0


def image(height=20, width=30):
    return torch.zeros((3, height, width), dtype=torch.uint8)


def test_one_view_gives_the_networks_own_logits():
    model = Coordinates()
    logits = predict(model, image(), InferenceSpec())
    torch.testing.assert_close(logits[0, 0, 5], torch.linspace(-1, 1, 30))
    assert (logits.shape, logits.dtype, model.sizes) == ((1, 2, 20, 30), torch.float32, [(20, 30)])


def test_a_size_is_what_the_network_sees_and_not_what_comes_out():
    model = Coordinates()
    logits = predict(model, image(), InferenceSpec(size=(40, 50)))
    assert (model.sizes, logits.shape) == ([(40, 50)], (1, 2, 20, 30))
    torch.testing.assert_close(logits[0, 0, 5], torch.linspace(-1, 1, 30))


def test_scales_multiply_the_size():
    model = Coordinates()
    predict(model, image(), InferenceSpec(size=(16, 24), scales=(0.5, 1.0, 1.25)))
    assert model.sizes == [(8, 12), (16, 24), (20, 30)]


def test_the_mirror_image_is_mirrored_back_and_probabilities_are_averaged():
    """This network says the opposite of the mirror image, so the two cancel out."""
    logits = predict(Coordinates(), image(), InferenceSpec(flip=True))
    torch.testing.assert_close(logits.softmax(1), torch.full((1, 2, 20, 30), 0.5))


def test_a_certain_network_stays_finite_over_several_views():
    class Certain(Coordinates):
        def forward(self, images):
            return super().forward(images) * 1e4

    logits = predict(Certain(), image(), InferenceSpec(scales=(1.0, 1.5)))
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(
    ("window", "overlap"), [((8, 8), 0.0), ((8, 12), 0.5), ((20, 7), 1 / 3), ((64, 64), 0.5)]
)
def test_windows_cover_every_pixel_and_none_is_larger_than_asked(window, overlap):
    class Ones(Coordinates):
        def forward(self, images):
            self.sizes.append(tuple(images.shape[-2:]))
            return torch.ones(1, 2, *images.shape[-2:])

    model = Ones()
    logits = predict(model, image(), InferenceSpec(window=window, window_overlap=overlap))
    assert torch.equal(logits, torch.ones(1, 2, 20, 30))
    assert set(model.sizes) == {(min(window[0], 20), min(window[1], 30))}


def test_images_are_read_ahead_in_order(halves):
    read = [(entry.name, image.shape) for entry, image in read_ahead(halves, halves.entries)]
    assert read == [(str(index), (3, 32, 48)) for index in range(4)]


def test_a_file_that_vanished_is_raised_where_it_is_needed(halves, tmp_path):
    (tmp_path / "halves/images/1.png").unlink()
    reading = read_ahead(halves, halves.entries)
    assert next(reading)[0].name == "0"
    with pytest.raises(Exception, match=r"images/1.png: the file does not exist"):
        next(reading)
