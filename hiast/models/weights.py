"""Weights from files of other makers into a built network: nothing is skipped without being named."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from hiast.contracts.errors import UserError
from hiast.models.checkpoints import read_safetensors
from hiast.models.load_report import LoadReport
from hiast.models.segformer import SegFormer
from hiast.models.segmentation_model import SegmentationModel
from hiast.models.transformers_weights import is_transformers_name, load_folder, load_named_weights

_PREFIXES: Final = ("module.", "seg_model.", "_orig_mod.")
_NESTED_UNDER: Final = ("state_dict", "model")


def load_weights(model: SegmentationModel, path: str | Path) -> LoadReport:
    """Copy every weight of the file that the model has, and say which.

    Reads safetensors (ours or others') and torch files holding a state dict, plain or under
    `state_dict` or `model`; prefixes `module.`, `seg_model.` and `_orig_mod.` are dropped. Names of a
    torchvision ResNet go to the backbone. Torch files are read with `weights_only=True`, so they cannot
    run code. For a SegFormer, `path` may be a folder of transformers or the weight file of one; only
    there is a classifier for another number of classes skipped (and listed).
    Raises UserError, leaving the model as it was, when the file is missing or damaged, when a shape
    does not fit, or when no name matches.
    """
    path = Path(path)
    if isinstance(model, SegFormer) and path.is_dir():
        return load_folder(model, path)
    content = {_plain(name): (name, value) for name, value in _read(path).items()}
    if isinstance(model, SegFormer) and any(map(is_transformers_name, content)):
        tensors = {name: value for name, (_, value) in content.items() if isinstance(value, Tensor)}
        return load_named_weights(model, tensors, str(path))
    state = model.state_dict()
    found: dict[str, Tensor] = {}
    unexpected: list[str] = []
    for plain_name, (raw_name, value) in content.items():
        name = _name_in_model(plain_name, state)
        if name is None or not isinstance(value, Tensor):
            unexpected.append(raw_name)
        else:
            found[name] = value
    if not found:
        raise UserError(
            f"none of its {len(unexpected)} entries is a weight of {model.name}"
            f" (first entries: {', '.join(unexpected[:3]) or 'none'}).",
            where=str(path),
            remedy="Give weights of the same network, or of a torchvision ResNet for its backbone.",
        )
    _require_fitting_shapes(found, state, path)
    model.load_state_dict(found, strict=False)
    missing = sorted(set(state) - set(found))
    return LoadReport(sorted(found), missing, sorted(unexpected), skipped=[])


def _plain(name: str) -> str:
    while name.startswith(_PREFIXES):
        name = name.split(".", 1)[1]
    return name


def _name_in_model(name: str, state: dict[str, Tensor]) -> str | None:
    for candidate in (name, f"backbone.{name}"):
        if candidate in state:
            return candidate
    return None


def _require_fitting_shapes(found: dict[str, Tensor], state: dict[str, Tensor], path: str | Path) -> None:
    wrong = [name for name, value in found.items() if value.shape != state[name].shape]
    if wrong:
        name = wrong[0]
        raise UserError(
            f"{len(wrong)} of {len(found)} weights do not fit, such as {name}: the file has "
            f"{tuple(found[name].shape)}, the network {tuple(state[name].shape)}.",
            where=str(path),
            remedy="Network name, base_width and number of classes must be those of the file.",
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise UserError(
            f"the file cannot be read ({error.strerror}).", where=str(path), remedy="Check the path."
        ) from error
    # A safetensors file begins with 8 bytes of header length, then the header's JSON.
    if start[8:] == b"{":
        return dict(read_safetensors(path)[0])
    return _read_torch(path)


def _read_torch(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            "the file is damaged, or holds Python objects besides tensors, which are not loaded "
            "because they could run code.",
            where=str(path),
            remedy="If you trust it, save its state dict alone with torch.save and give that file.",
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = (str(error) or "it ends too early").splitlines()[0]
        raise UserError(
            f"not a readable torch file ({reason}).",
            where=str(path),
            remedy="It may be cut short; copy or download it again.",
        ) from error
    for key in _NESTED_UNDER:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise UserError(
            f"the file holds a {type(content).__name__}, not a state dict.",
            where=str(path),
            remedy="Save model.state_dict() with torch.save.",
        )
    return content
