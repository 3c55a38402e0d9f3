import json
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

from hiast.contracts.errors import UserError
from hiast.models import build_model, load_weights, save_checkpoint

transformers = pytest.importorskip("transformers", reason="the extra `segformer` is not installed")


def segformer(num_classes=4, seed=0, name="segformer_b0"):
    torch.manual_seed(seed)
    return build_model(name, num_classes)


def theirs(num_classes=4, **changes):
    """A SegFormer-B0 of transformers, with statistics unlike a new network's."""
    torch.manual_seed(1)
    config = transformers.SegformerConfig(num_labels=num_classes, **changes)
    network = transformers.SegformerForSemanticSegmentation(config)
    network.decode_head.batch_norm.running_mean.normal_()
    return network.eval()


@pytest.fixture
def folder(tmp_path):
    theirs().save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def same_logits(model, network):
    images = torch.randn(2, 3, 65, 96)
    with torch.inference_mode():
        low = network(images).logits
        expected = interpolate(low, size=(65, 96), mode="bilinear", align_corners=False)
        return torch.allclose(model.eval()(images), expected, atol=1e-5)


def state_copy(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def changed(model, before):
    return sorted(name for name, t in model.state_dict().items() if not torch.equal(t, before[name]))


def test_a_folder_of_transformers_loads_completely_and_gives_its_logits(folder):
    model = segformer()
    assert not same_logits(model, theirs())
    report = load_weights(model, folder)
    assert report.loaded == sorted(model.state_dict())
    assert (report.missing, report.unexpected, report.skipped) == ([], [], [])
    assert report.summary() == f"All {len(report.loaded)} weights were loaded."
    assert same_logits(model, theirs())


@pytest.mark.parametrize("nesting", ["safetensors", "torch"])
def test_the_weight_file_of_such_a_folder_loads_too(tmp_path, folder, nesting):
    path = folder / "model.safetensors"
    if nesting == "torch":
        path = tmp_path / "model.pth"
        entries = {
            f"module.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()
        }
        torch.save({"state_dict": entries, "epoch": 3}, path)
    model = segformer()
    report = load_weights(model, path)
    assert (report.missing, report.unexpected, report.skipped) == ([], [], [])
    assert same_logits(model, theirs())


def test_a_classifier_for_other_classes_is_skipped_by_name_and_shape(folder):
    model = segformer(num_classes=7)
    before = state_copy(model)
    report = load_weights(model, folder)
    assert report.skipped == [
        "classifier.bias (file (4,), network (7,))",
        "classifier.weight (file (4, 256, 1, 1), network (7, 256, 1, 1))",
    ]
    assert report.missing == []
    assert not any(name.startswith("classifier.") for name in changed(model, before))
    assert "another number of classes in the file, values kept: 2 (classifier.bias" in report.summary()


def test_an_encoder_alone_leaves_the_decoder_as_it_was(tmp_path):
    config = transformers.SegformerConfig(num_labels=1000)
    transformers.SegformerForImageClassification(config).save_pretrained(tmp_path)
    model = segformer()
    before = state_copy(model)
    report = load_weights(model, tmp_path)
    assert {name.split(".")[0] for name in report.loaded} == {"backbone"}
    assert {name.split(".")[0] for name in report.missing} == {"decode_head", "classifier"}
    assert report.unexpected == ["classifier.bias", "classifier.weight"]
    assert {name.split(".")[0] for name in changed(model, before)} == {"backbone"}


@pytest.mark.parametrize(
    ("changes", "fitting"),
    [
        ({"hidden_sizes": [64, 128, 320, 512]}, "Set model.name to segformer_b1."),
        ({"depths": [1, 1, 1, 1]}, "Give weights of the same network."),
    ],
)
def test_weights_of_another_size_are_refused_and_nothing_changes(tmp_path, changes, fitting):
    theirs(**changes).save_pretrained(tmp_path)
    model = segformer()
    before = state_copy(model)
    with pytest.raises(UserError, match="its stages have .* those of segformer_b0 .*") as caught:
        load_weights(model, tmp_path)
    assert caught.value.remedy == fitting
    assert changed(model, before) == []


def test_a_decoder_of_another_width_is_refused_and_nothing_changes(tmp_path):
    theirs(decoder_hidden_size=128).save_pretrained(tmp_path)
    model = segformer()
    before = state_copy(model)
    with pytest.raises(UserError, match=r"do not fit, such as decode_head\.\S+: the file has \("):
        load_weights(model, tmp_path)
    assert changed(model, before) == []


def test_a_folder_of_another_kind_of_network_is_refused(folder):
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "bert"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="type 'bert', not a SegFormer"):
        load_weights(segformer(), folder)


@pytest.mark.parametrize("absent", ["config.json", "model.safetensors"])
def test_a_folder_without_one_of_its_files_is_refused(folder, absent):
    (folder / absent).unlink()
    with pytest.raises(UserError, match=r"(no config\.json|cannot be read).*save_pretrained"):
        load_weights(segformer(), folder)


@pytest.mark.parametrize(("name", "keep"), [("config.json", 50), ("model.safetensors", 5000)])
def test_a_folder_with_a_file_cut_short_is_refused(folder, name, keep):
    (folder / name).write_bytes((folder / name).read_bytes()[:keep])
    model = segformer()
    before = state_copy(model)
    with pytest.raises(UserError, match="saved.*cannot be read"):
        load_weights(model, folder)
    assert changed(model, before) == []


def test_our_own_checkpoint_loads(tmp_path):
    other = segformer(seed=1)
    save_checkpoint(tmp_path / "a", other, metadata={"class_space": "streets"})
    model = segformer()
    report = load_weights(model, tmp_path / "a")
    assert report.loaded == sorted(model.state_dict())
    assert changed(model, other.state_dict()) == []


def test_our_own_checkpoint_for_other_classes_is_refused(tmp_path):
    save_checkpoint(tmp_path / "a", segformer(num_classes=9), metadata={"class_space": "streets"})
    with pytest.raises(UserError, match=r"classifier\.\S+: the file has \(9"):
        load_weights(segformer(), tmp_path / "a")


def test_a_file_of_another_network_is_refused(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="none of its 1 entries is a weight of segformer_b0"):
        load_weights(segformer(), tmp_path / "other.safetensors")


def test_without_transformers_the_way_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"'segformer_b3' needs the package transformers.*\[segformer\]"):
        build_model("segformer_b3", 4)


def test_images_too_small_are_refused_with_the_smallest_size():
    model = segformer().eval()
    with torch.inference_mode():
        assert model(torch.randn(1, 3, 29, 29)).shape == (1, 4, 29, 29)
        with pytest.raises(UserError, match="28x40 pixels.*at least 29"):
            model(torch.randn(1, 3, 28, 40))


def test_dropout_acts_in_training_alone():
    model, images = segformer(), torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        assert not torch.equal(model.train()(images), model(images))
        assert torch.equal(model.eval()(images), model(images))


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("segformer_b0", 3.8), ("segformer_b1", 13.7), ("segformer_b2", 27.5),
        ("segformer_b3", 47.3), ("segformer_b4", 64.1), ("segformer_b5", 84.7),
    ],
)  # fmt: skip
def test_the_number_of_weights_is_that_of_the_paper(name, millions):
    # Table 1 (a) of arXiv 2105.15203, for the 150 classes of ADE20K.
    with torch.device("meta"):
        model = build_model(name, 150)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.15)


def test_checkpoints_rely_on_these_names():
    # Other names in another version of transformers would make written checkpoints unreadable.
    names = set(segformer().state_dict())
    assert len(names) == 208
    assert {
        "backbone.stages.0.patch_embeddings.proj.weight",
        "backbone.stages.3.blocks.1.attention.q_proj.weight",
        "backbone.stages.0.blocks.0.attention.sequence_reduction.layer_norm.bias",
        "backbone.stages.1.blocks.0.mlp.dwconv.dwconv.weight",
        "backbone.stages.2.blocks.1.layernorm_after.weight",
        "decode_head.linear_projections.3.proj.bias",
        "decode_head.batch_norm.running_var",
        "decode_head.linear_fuse.weight",
        "classifier.bias",
    } <= names


def test_a_segformer_has_no_options():
    with pytest.raises(UserError, match="'base_width' is unknown. Known: none"):
        build_model("segformer_b0", 4, base_width=8)
