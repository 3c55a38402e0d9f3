import pytest
import torch

from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.run_spec import ModelSpec
from hiast.models import save_checkpoint
from hiast.rounds.initial_model import initial_model, weights_path

SMALL = ModelSpec(base_width=8)


def test_random_weights_come_from_the_seed():
    one, same, other = (initial_model(SMALL, 3, seed)[0].state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_weights_of_a_file_are_loaded(tmp_path):
    written, _ = initial_model(SMALL, 3, 1)
    save_checkpoint(tmp_path / "w.safetensors", written, metadata={"class_space": "x"})
    spec = SMALL.model_copy(update={"weights": str(tmp_path / "w.safetensors")})
    model, report = initial_model(spec, 3, 2)
    assert not report.missing
    assert all(torch.equal(value, written.state_dict()[name]) for name, value in model.state_dict().items())


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="absent"):
        initial_model(SMALL.model_copy(update={"weights": str(tmp_path / "absent.safetensors")}), 3, 1)


def test_an_unknown_bundled_network_is_named():
    with pytest.raises(NotFoundError, match=r"model.weights: weights 'bundled:mars' do not exist. Known:"):
        weights_path("bundled:mars")
