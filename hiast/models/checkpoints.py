"""Our checkpoint files: safetensors whose metadata says how to build the network they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from hiast.contracts.errors import UserError
from hiast.data.atomic_files import write_atomically
from hiast.models.build import build_model, option_names
from hiast.models.segmentation_model import SegmentationModel, unwrapped

FORMAT: Final = "hiast-checkpoint-1"
_REQUIRED: Final = ("model", "num_classes", "class_space")


def save_checkpoint(
    path: str | Path, model: nn.Module, *, metadata: dict[str, str], half: bool = False
) -> None:
    """Write weights and metadata to `path`, whole or not at all; equal weights give equal bytes.

    `metadata` must hold `class_space` (name of the class space the outputs mean) and may hold anything
    else; `format`, `model`, `num_classes` and the options of `build_model` (`base_width`) are filled in
    from the model, which may be wrapped (DistributedDataParallel, torch.compile). `half` stores weight
    matrices and kernels as float16 (half the size; batch norm and biases stay float32).
    Raises ValueError when `class_space` is missing, UserError when the file cannot be written.
    """
    if "class_space" not in metadata:
        raise ValueError("metadata needs 'class_space': a checkpoint must say what its classes mean")
    network = unwrapped(model)
    described = metadata | {
        "format": FORMAT,
        "model": network.name,
        "num_classes": str(network.num_classes),
        **{option: str(value) for option, value in network.options.items()},
    }
    tensors = {name: _stored(tensor, half) for name, tensor in network.state_dict().items()}
    write_atomically(Path(path), _with_sorted_header(serialise(tensors, described)))


def load_model(path: str | Path) -> tuple[SegmentationModel, dict[str, str]]:
    """The network a checkpoint of ours describes, in eval mode with float32 weights, and its metadata.

    Raises UserError when the file is missing, damaged, or not one of ours.
    """
    tensors, metadata = read_safetensors(path)
    _require(metadata, _REQUIRED, path)
    options = option_names(metadata["model"])
    _require(metadata, options, path)
    try:
        num_classes = int(metadata["num_classes"])
        sizes = {option: int(metadata[option]) for option in options}
    except ValueError as error:
        raise UserError(f"its metadata holds no numbers ({error}).", where=str(path)) from error
    model = build_model(metadata["model"], num_classes, **sizes)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(
            f"its weights are not those of {metadata['model']}: {error}",
            where=str(path),
            remedy="The file was changed after it was written; use another one.",
        ) from error
    return model.eval(), metadata


def _require(metadata: dict[str, str], keys: tuple[str, ...], path: str | Path) -> None:
    absent = [key for key in keys if key not in metadata]
    if absent:
        raise UserError(
            f"this safetensors file lacks the metadata {', '.join(absent)}, so it does not say which "
            "network it belongs to.",
            where=str(path),
            remedy="Build the network with build_model and read the file with load_weights.",
        )


def read_safetensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of any safetensors file. Raises UserError when missing or damaged."""
    try:
        with safe_open(Path(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise UserError("no such file.", where=str(path), remedy="Check the path.") from error
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"not a readable safetensors file ({error}).",
            where=str(path),
            remedy="It may be cut short; copy or download it again.",
        ) from error


def _stored(tensor: Tensor, half: bool) -> Tensor:
    # Vectors stay float32: a batch-norm variance may leave float16's range, and they weigh nothing.
    narrow = half and tensor.is_floating_point() and tensor.dim() >= 2
    return tensor.detach().to("cpu", torch.float16 if narrow else tensor.dtype).contiguous()


def _with_sorted_header(content: bytes) -> bytes:
    """The same file with its header keys sorted: safetensors writes metadata in random order."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":"))
    encoded = header.encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + content[8 + length :]
