import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.models import MODEL_NAMES, build_model


def test_an_unknown_model_is_refused_with_the_known_names():
    with pytest.raises(UserError) as caught:
        build_model("resnet9000", 19)
    assert "resnet9000" in str(caught.value)
    assert all(name in str(caught.value) for name in MODEL_NAMES)


def test_an_unknown_option_is_refused_with_the_known_options():
    with pytest.raises(UserError, match="'depth' is unknown.*base_width"):
        build_model("deeplab_v2_resnet18", 19, depth=3)


@pytest.mark.parametrize(("num_classes", "base_width"), [(0, 64), (255, 64), (19, 4), (19, 1000)])
def test_sizes_outside_their_range_are_refused(num_classes, base_width):
    with pytest.raises(UserError, match="Give"):
        build_model("deeplab_v2_resnet18", num_classes, base_width=base_width)


def test_the_seed_decides_the_first_weights():
    def weights(seed):
        torch.manual_seed(seed)
        return build_model("deeplab_v2_resnet18", 4, base_width=8).state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["backbone.conv1.weight"], other["backbone.conv1.weight"])
