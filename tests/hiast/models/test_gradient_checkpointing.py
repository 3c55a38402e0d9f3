import copy

import pytest
import torch
from torch import nn

from hiast.models import build_model, freeze_batch_norm
from hiast.models.gradient_checkpointing import checkpointed


@pytest.fixture
def block():
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)))


@pytest.mark.parametrize("momentum", [0.1, None])
def test_each_batch_counts_once_in_the_statistics(block, momentum):
    for norm in (block[1], block[2][1]):
        norm.momentum = momentum
    plain = copy.deepcopy(block)
    for step in range(3):
        images = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(step))
        plain(images).square().sum().backward()
        checkpointed(block, images).square().sum().backward()
    for (name, expected), got in zip(plain.named_buffers(), block.buffers(), strict=True):
        assert torch.equal(got, expected), name
    assert block[1].num_batches_tracked == 3
    assert block[1].momentum == momentum
    assert all(
        torch.equal(a.grad, b.grad) for a, b in zip(plain.parameters(), block.parameters(), strict=True)
    )


def test_a_second_backward_pass_counts_nothing_either(block):
    total = checkpointed(block, torch.randn(4, 3, 5, 5)).square().sum()
    before = [buffer.clone() for buffer in block.buffers()]
    total.backward(retain_graph=True)
    first = block[0].weight.grad.clone()
    total.backward()
    assert torch.equal(block[0].weight.grad, 2 * first)
    assert all(torch.equal(a, b) for a, b in zip(block.buffers(), before, strict=True))


def test_a_backward_pass_that_fails_leaves_batch_norm_in_order(block):
    failing = copy.deepcopy(block)
    calls = []

    def second_call_fails(*_):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("out of memory")

    failing[2][0].register_forward_hook(second_call_fails)
    total = checkpointed(failing, torch.randn(4, 3, 5, 5)).sum()
    with pytest.raises(RuntimeError, match="out of memory"):
        total.backward()
    assert failing[1].momentum == 0.1
    assert failing[1].num_batches_tracked == 1


@pytest.mark.parametrize("frozen", [True, False])
def test_it_works_inside_a_compiled_network(frozen):
    torch.manual_seed(4)
    model = build_model("deeplab_v2_resnet18", 3, base_width=8)
    if frozen:
        freeze_batch_norm(model)
    model.train()
    twin = copy.deepcopy(model)
    twin.use_gradient_checkpointing(True)
    images = torch.randn(2, 3, 33, 33)
    model(images).square().mean().backward()
    torch.compile(twin, backend="aot_eager")(images).square().mean().backward()
    for (name, expected), got in zip(model.named_parameters(), twin.parameters(), strict=True):
        if expected.grad is not None:
            torch.testing.assert_close(got.grad, expected.grad, atol=1e-5, rtol=1e-4, msg=name)
    for (name, expected), got in zip(model.named_buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(got, expected, msg=name)
