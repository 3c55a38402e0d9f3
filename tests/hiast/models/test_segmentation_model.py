import pytest
import torch
from torch import nn

from hiast.models import backbone_and_head_parameters, build_model, unwrapped


@pytest.fixture
def model():
    return build_model("deeplab_v2_resnet18", 3, base_width=8)


def test_the_network_inside_a_wrapper_is_found(model, wrapped):
    assert wrapped is not model
    assert unwrapped(wrapped) is model
    assert unwrapped(model) is model


def test_what_holds_no_network_is_refused():
    with pytest.raises(TypeError, match="Linear"):
        unwrapped(nn.Linear(2, 2))


def test_the_parameter_groups_of_a_wrapper_are_those_of_its_network(model, wrapped):
    for inside, outside in zip(
        backbone_and_head_parameters(model), backbone_and_head_parameters(wrapped), strict=True
    ):
        assert [id(p) for p in inside] == [id(p) for p in outside]


def test_untrained_parameters_are_in_no_group(model):
    model.backbone.requires_grad_(False)
    backbone, head = backbone_and_head_parameters(model)
    assert backbone == []
    assert len(head) == 8


def test_scores_can_be_asked_for_in_any_size(model):
    features = model.eval().features(torch.randn(2, 3, 32, 48))
    assert model.classify(features, (5, 7)).shape == (2, 3, 5, 7)
