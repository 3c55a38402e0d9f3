import pytest
import torch

from hiast.models import build_model


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small_model():
    """A random network for two classes, the same at every call."""

    def build(num_classes=2):
        torch.manual_seed(3)
        return build_model("deeplab_v2_resnet18", num_classes, base_width=8)

    return build


class Brightness(torch.nn.Module):
    """Scores of class 1 grow with brightness; right on the scenes of `write_halves`."""

    def __init__(self, certainty=2.0, one_class=False):
        super().__init__()
        self.certainty, self.one_class, self.num_classes = certainty, one_class, 2

    def forward(self, images):
        bright = images.mean(1, keepdim=True) * self.certainty
        return torch.cat([-bright, bright - 1e3 if self.one_class else bright], 1)


@pytest.fixture
def brightness():
    """The class of a network that needs no training."""
    return Brightness
