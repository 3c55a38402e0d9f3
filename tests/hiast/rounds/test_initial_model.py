import os
import subprocess
import sys

import pytest
import torch

from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.run_spec import ModelSpec
from hiast.models import build_model, load_hub_weights, save_checkpoint
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
    assert report.summary() == f"All {len(written.state_dict())} weights were loaded."
    assert all(torch.equal(value, written.state_dict()[name]) for name, value in model.state_dict().items())


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="absent"):
        initial_model(SMALL.model_copy(update={"weights": str(tmp_path / "absent.safetensors")}), 3, 1)


def test_an_unknown_bundled_network_is_named():
    with pytest.raises(NotFoundError, match=r"model.weights: weights 'bundled:mars' do not exist. Known:"):
        weights_path("bundled:mars")


def test_bundled_weights_are_loaded():
    spec = ModelSpec(base_width=32, weights="bundled:streets_source")
    _, report = initial_model(spec, 12, 1)
    assert report.missing == report.unexpected == []


def test_a_segformer_is_built_from_the_seed_and_a_folder(tmp_path):
    transformers = pytest.importorskip("transformers", reason="the extra `segformer` is not installed")
    network = transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(num_labels=3))
    network.save_pretrained(tmp_path)
    spec = ModelSpec(name="segformer_b0", weights=str(tmp_path))
    model, report = initial_model(spec, 3, 1)
    assert model.name == "segformer_b0"
    assert report.missing == report.unexpected == report.skipped == []
    assert torch.equal(model.classifier.weight, network.decode_head.classifier.weight)


def test_a_hub_out_of_reach_is_a_sentence_with_the_way_around(monkeypatch):
    pytest.importorskip("transformers", reason="the extra `segformer` is not installed")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    spec = ModelSpec(name="segformer_b0", weights="hub:nobody/no-such-network")
    with pytest.raises(UserError, match=r"nobody/no-such-network: .*cannot be read.*copy its folder"):
        initial_model(spec, 3, 1)


# A fresh interpreter, since the hub's library reads these variables when it is imported.
FROM_THE_HUB = """
from hiast.contracts.run_spec import ModelSpec
from hiast.rounds.initial_model import initial_model
model, report = initial_model(ModelSpec(name="segformer_b0", weights="hub:maker/net"), 3, 1)
print(report.summary(), float(model.classifier.bias[0].detach()))
"""


def test_a_network_of_the_hub_is_loaded(tmp_path):
    transformers = pytest.importorskip("transformers", reason="the extra `segformer` is not installed")
    network = transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(num_labels=3))
    torch.nn.init.constant_(network.decode_head.classifier.bias, 4.0)
    # Where the library keeps a network it has downloaded.
    kept = tmp_path / "models--maker--net"
    network.save_pretrained(kept / "snapshots" / ("0" * 40))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0" * 40)
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", FROM_THE_HUB]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("All ")
    assert done.stdout.endswith(" 4.0\n")


def test_a_hub_is_for_segformers_alone():
    with pytest.raises(UserError, match="deeplab_v2_resnet18 cannot be read"):
        load_hub_weights(build_model("deeplab_v2_resnet18", 3, base_width=8), "maker/net")
