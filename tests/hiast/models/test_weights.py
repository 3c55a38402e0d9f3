import pytest
import torch
from torch import nn

from hiast.contracts.errors import UserError
from hiast.models import build_model, load_weights, save_checkpoint


def small_model(num_classes=4, seed=0):
    torch.manual_seed(seed)
    return build_model("deeplab_v2_resnet50", num_classes, base_width=8)


def same_weights(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.values(), second.values(), strict=True))


@pytest.mark.parametrize("nesting", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module.", "seg_model.", "module.seg_model.", "_orig_mod.module."])
def test_official_checkpoints_load_completely(tmp_path, nesting, prefix):
    theirs = small_model(seed=1).state_dict()
    content = {prefix + name: tensor for name, tensor in theirs.items()}
    torch.save({nesting: content, "epoch": 3} if nesting else content, tmp_path / "official.pth")
    model = small_model()
    report = load_weights(model, tmp_path / "official.pth")
    assert report.loaded == sorted(theirs)
    assert report.missing == []
    assert report.unexpected == []
    assert same_weights(model.state_dict(), theirs)


def test_a_torchvision_resnet_fills_the_backbone_and_the_rest_is_listed(tmp_path):
    theirs = small_model(seed=1).backbone.state_dict()
    old_format = {name: t for name, t in theirs.items() if "num_batches" not in name}
    torch.save(
        old_format | {"fc.weight": torch.zeros(1000, 256), "fc.bias": torch.zeros(1000)},
        tmp_path / "resnet.pth",
        _use_new_zipfile_serialization=False,
    )
    model = small_model()
    head = {name: t.clone() for name, t in model.aspp.state_dict().items()}
    report = load_weights(model, tmp_path / "resnet.pth")
    assert report.unexpected == ["fc.bias", "fc.weight"]
    assert {name.split(".")[0] for name in report.missing if "num_batches" not in name} == {
        "aspp",
        "representation",
    }
    assert len(report.loaded) + len(report.missing) == len(model.state_dict())
    assert same_weights(model.backbone.state_dict(), theirs)
    assert same_weights(model.aspp.state_dict(), head)


def test_our_own_checkpoints_load_whatever_their_file_name(tmp_path):
    save_checkpoint(tmp_path / "student.bin", small_model(seed=1), metadata={"class_space": "camvid"})
    model = small_model()
    report = load_weights(model, tmp_path / "student.bin")
    assert report.missing == []
    assert same_weights(model.state_dict(), small_model(seed=1).state_dict())


def test_another_number_of_classes_is_refused_and_nothing_changes(tmp_path):
    torch.save(small_model(num_classes=9, seed=1).state_dict(), tmp_path / "nine.pth")
    model = small_model(num_classes=4)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(UserError, match=r"aspp.*\(9, 256, 3, 3\).*\(4, 256, 3, 3\)"):
        load_weights(model, tmp_path / "nine.pth")
    assert same_weights(model.state_dict(), before)


def test_a_file_of_another_network_is_refused(tmp_path):
    torch.save(nn.Linear(3, 3).state_dict(), tmp_path / "linear.pth")
    with pytest.raises(UserError, match="none of its 2 entries"):
        load_weights(small_model(), tmp_path / "linear.pth")


class _Trap:
    def __reduce__(self):
        return print, ("code of the file was run",)


def test_a_file_that_would_run_code_is_refused_and_does_not_run_it(tmp_path, capsys):
    torch.save({"state_dict": _Trap()}, tmp_path / "trap.pth")
    with pytest.raises(UserError, match="could run code"):
        load_weights(small_model(), tmp_path / "trap.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keep", [0, 5, 200, 5000])
def test_a_file_cut_short_is_refused(tmp_path, keep):
    torch.save(small_model().state_dict(), tmp_path / "whole.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:keep])
    with pytest.raises(UserError, match=r"cut\.pth"):
        load_weights(small_model(), tmp_path / "cut.pth")


@pytest.mark.parametrize("name", ["gone.pth", "."])
def test_a_path_without_a_file_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="cannot be read"):
        load_weights(small_model(), tmp_path / name)


def test_a_file_without_a_state_dict_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(UserError, match="holds a Tensor, not a state dict"):
        load_weights(small_model(), tmp_path / "tensor.pth")
