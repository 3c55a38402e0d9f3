import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import hiast
from hiast.contracts.errors import UserError
from hiast.models import build_model, load_model, save_checkpoint

BUNDLED_WEIGHTS = Path(hiast.__file__).parent / "weights"
METADATA = {"class_space": "streets", "round": "2"}


@pytest.fixture
def model():
    torch.manual_seed(5)
    model = build_model("deeplab_v2_resnet18", 12, base_width=8)
    model.train()(torch.randn(2, 3, 32, 32))
    return model.eval()


@pytest.mark.parametrize("name", ["deeplab_v2_resnet18", "deeplab_v2_resnet50", "deeplab_v2_resnet101"])
def test_a_saved_network_comes_back_with_equal_weights_and_its_metadata(tmp_path, name):
    model = build_model(name, 7, base_width=8)
    save_checkpoint(tmp_path / "deep" / "student.safetensors", model, metadata=METADATA)
    again, metadata = load_model(tmp_path / "deep" / "student.safetensors")
    assert (again.name, again.num_classes, again.options) == (name, 7, {"base_width": 8})
    assert metadata["class_space"] == "streets"
    assert metadata["round"] == "2"
    state = again.state_dict()
    assert all(torch.equal(state[key], tensor) for key, tensor in model.state_dict().items())
    assert not again.training


def test_a_wrapped_network_is_stored_under_plain_names(tmp_path, model, wrapped):
    save_checkpoint(tmp_path / "plain", model, metadata=METADATA)
    save_checkpoint(tmp_path / "wrapped", wrapped, metadata=METADATA)
    assert (tmp_path / "wrapped").read_bytes() == (tmp_path / "plain").read_bytes()


def test_bundled_weights_load():
    model, metadata = load_model(BUNDLED_WEIGHTS / "streets_source.safetensors")
    assert (model.name, model.options) == ("deeplab_v2_resnet18", {"base_width": 32})
    assert metadata["class_space"] == "streets"


@pytest.mark.parametrize("key", ["model", "num_classes", "class_space", "base_width"])
def test_a_file_without_one_of_the_needed_metadata_is_refused(tmp_path, model, key):
    metadata = {"model": model.name, "base_width": "8", "num_classes": "12", "class_space": "streets"}
    del metadata[key]
    save_file(model.state_dict(), tmp_path / "a", metadata)
    with pytest.raises(UserError, match=f"lacks the metadata {key},"):
        load_model(tmp_path / "a")


def test_equal_weights_give_equal_files(tmp_path, model):
    metadata = METADATA | {letter: letter for letter in "abcdefgh"}
    for name in ("a", "b", "c"):
        save_checkpoint(tmp_path / name, model, metadata=metadata)
    assert len({(tmp_path / name).read_bytes() for name in ("a", "b", "c")}) == 1


def test_memory_format_does_not_change_the_file(tmp_path, model):
    save_checkpoint(tmp_path / "a", model, metadata=METADATA)
    save_checkpoint(tmp_path / "b", model.to(memory_format=torch.channels_last), metadata=METADATA)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_half_precision_halves_the_file_and_barely_moves_the_logits(tmp_path, model):
    save_checkpoint(tmp_path / "full", model, metadata=METADATA)
    save_checkpoint(tmp_path / "half", model, metadata=METADATA, half=True)
    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "full").stat().st_size
    again, _ = load_model(tmp_path / "half")
    assert {p.dtype for p in again.parameters()} == {torch.float32}
    assert torch.equal(again.backbone.bn1.running_var, model.backbone.bn1.running_var)
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(again(images), model(images), atol=1e-2, rtol=1e-2)


def test_a_checkpoint_must_say_what_its_classes_mean(tmp_path, model):
    with pytest.raises(ValueError, match="class_space"):
        save_checkpoint(tmp_path / "a", model, metadata={})


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path, model, monkeypatch):
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, model, metadata=METADATA)
    before = path.read_bytes()

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UserError, match="No space left"):
        save_checkpoint(path, build_model("deeplab_v2_resnet18", 12, base_width=8), metadata=METADATA)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["student.safetensors"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="gone.safetensors: no such file"):
        load_model(tmp_path / "gone.safetensors")


def test_a_file_cut_short_is_refused(tmp_path, model):
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, model, metadata=METADATA)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="not a readable safetensors file"):
        load_model(path)


def test_a_foreign_safetensors_file_is_refused_with_the_way_to_read_it(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="load_weights"):
        load_model(tmp_path / "other.safetensors")


def test_weights_that_do_not_fit_their_metadata_are_refused(tmp_path, model):
    save_file(
        model.state_dict(),
        tmp_path / "a",
        {"model": model.name, "base_width": "8", "num_classes": "13", "class_space": "streets"},
    )
    with pytest.raises(UserError, match="not those of deeplab_v2_resnet18"):
        load_model(tmp_path / "a")
