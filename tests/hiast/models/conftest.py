import os

import numpy as np
import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel


def _recipe_weights(name, tensor):
    if not tensor.is_floating_point():
        return torch.zeros_like(tensor)
    offset = sum(ord(letter) * (place + 1) for place, letter in enumerate(name)) % 997
    base = np.sin(0.7 * np.arange(tensor.numel(), dtype=np.float64) + offset).reshape(tensor.shape)
    if name.endswith("running_var"):
        base = 1 + 0.1 * np.abs(base)
    elif tensor.ndim == 4:
        base = base * np.sqrt(2 / np.prod(tensor.shape[1:]))
    elif ("bn" in name or "downsample.1" in name) and name.endswith("weight"):
        base = 0.5 + 0.05 * base
    else:
        base = 0.01 * base
    return torch.from_numpy(base).float()


@pytest.fixture(scope="session")
def fill_by_recipe():
    """Fill a network by the rule of tests/parity/README.md, with which the numbers were recorded."""

    def fill(model):
        state = model.state_dict()
        model.load_state_dict({name: _recipe_weights(name, tensor) for name, tensor in state.items()})

    return fill


@pytest.fixture(params=["compiled", "distributed", "compiled distributed"])
def wrapped(request, model, tmp_path):
    """The fixture `model` of a test file, inside a wrapper. Nothing is compiled before it is called."""
    if "distributed" not in request.param:
        yield torch.compile(model)
        return
    store = distributed.FileStore(os.fspath(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        parallel = DistributedDataParallel(model)
        yield torch.compile(parallel) if "compiled" in request.param else parallel
    finally:
        distributed.destroy_process_group()
