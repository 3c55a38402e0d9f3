"""Weights of a SegFormer in the format of the package transformers: a folder, a file, or the hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from torch import Tensor

from hiast.contracts.errors import UserError
from hiast.models.load_report import LoadReport
from hiast.models.segformer import SIZES, SegFormer, configuration, import_transformers
from hiast.models.segmentation_model import SegmentationModel

_PREFIX: Final = "segformer."
_CLASSIFIER: Final = "decode_head.classifier."
_WRITTEN: Final = "Give what save_pretrained of a SegFormer wrote, complete."
_OFFLINE: Final = (
    "Check the name, and that this machine reaches huggingface.co (a private model also needs the "
    "variable HF_TOKEN). Without a network: download the model elsewhere, copy its folder (config.json "
    "and model.safetensors) here, and give the path of the folder as model.weights."
)


def load_hub_weights(model: SegmentationModel, repository: str) -> LoadReport:
    """Copy the weights of a SegFormer of the Hugging Face hub, `ORGANISATION/NAME`, into `model`.

    They are downloaded on first use. As `load_folder`, and UserError when the hub cannot be reached.
    """
    return _load(model, repository, remedy=_OFFLINE)


def load_folder(model: SegmentationModel, folder: Path) -> LoadReport:
    """Copy the weights of a folder written by transformers (config.json, model.safetensors).

    A classifier for another number of classes is skipped, and the report says so; an encoder without
    decoder (such as nvidia/mit-b0) leaves the decoder as it was. Raises UserError, leaving the model as
    it was, when the files are missing, damaged, or those of another network.
    """
    return _load(model, str(folder), remedy=_WRITTEN)


def is_transformers_name(name: str) -> bool:
    """Whether an entry of a weight file is named as transformers names those of a SegFormer."""
    return name.startswith(_PREFIX)


def load_named_weights(model: SegFormer, weights: dict[str, Tensor], where: str) -> LoadReport:
    """As `load_folder`, for the content of one of its weight files; `where` names it in errors."""
    return _copy(
        model, None, weights, where, remedy="Give a file that save_pretrained of a SegFormer wrote."
    )


def _load(model: SegmentationModel, source: str, *, remedy: str) -> LoadReport:
    if not isinstance(model, SegFormer):
        raise UserError(
            f"{model.name} cannot be read from a folder or a hub; only a SegFormer can.",
            where=source,
            remedy="Give a weight file.",
        )
    transformers = import_transformers(model.name)
    try:
        found, _ = transformers.SegformerConfig.get_config_dict(source)
    except (OSError, ValueError) as error:
        raise UserError(
            f"its config.json cannot be read ({_first_line(error)}).", where=source, remedy=remedy
        ) from error
    if not found:
        raise UserError("it has no config.json.", where=source, remedy=remedy)
    _require_same_network(model, found, source)
    return _copy(model, source, None, source, remedy=remedy)


def _require_same_network(model: SegFormer, found: dict[str, Any], where: str) -> None:
    if found.get("model_type") != "segformer":
        raise UserError(
            f"it holds a network of type {found.get('model_type')!r}, not a SegFormer.",
            where=where,
            remedy="Give the weights of a SegFormer.",
        )
    shape = (tuple(found.get("depths", ())), tuple(found.get("hidden_sizes", ())))
    size = SIZES[model.name]
    if shape != (size.depths, size.channels):
        fitting = [name for name, other in SIZES.items() if (other.depths, other.channels) == shape]
        raise UserError(
            f"its stages have {shape[0]} layers of {shape[1]} channels, those of {model.name} "
            f"{size.depths} of {size.channels}.",
            where=where,
            remedy=f"Set model.name to {fitting[0]}." if fitting else "Give weights of the same network.",
        )


def _copy(
    model: SegFormer, source: str | None, weights: dict[str, Tensor] | None, where: str, *, remedy: str
) -> LoadReport:
    """Let transformers read and rename the weights, and copy those it found into `model`."""
    transformers = import_transformers(model.name)
    try:
        with _without_its_own_report(transformers):
            network, found = transformers.SegformerForSemanticSegmentation.from_pretrained(
                source,
                config=configuration(model.name, model.num_classes),
                state_dict=weights,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise UserError(
            f"its weights cannot be read ({_first_line(error)}).", where=where, remedy=remedy
        ) from error
    skipped = {name: (tuple(theirs), tuple(ours)) for name, theirs, ours in found["mismatched_keys"]}
    foreign = [name for name in skipped if not name.startswith(_CLASSIFIER)]
    if foreign:
        theirs, ours = skipped[foreign[0]]
        raise UserError(
            f"{len(foreign)} weights do not fit, such as {foreign[0]}: the file has {theirs}, "
            f"{model.name} {ours}.",
            where=where,
            remedy="Set model.name to the network of the file.",
        )
    missing = set(found["missing_keys"])
    values = {
        _own_name(name): value
        for name, value in network.state_dict().items()
        if name not in missing and name not in skipped
    }
    if not values:
        raise UserError(f"none of its entries is a weight of {model.name}.", where=where, remedy=remedy)
    model.load_state_dict(values, strict=False)
    return LoadReport(
        loaded=sorted(values),
        missing=sorted(map(_own_name, missing)),
        unexpected=sorted(found["unexpected_keys"]),
        skipped=sorted(
            f"{_own_name(name)} (file {theirs}, network {ours})" for name, (theirs, ours) in skipped.items()
        ),
    )


def _own_name(name: str) -> str:
    if name.startswith(_PREFIX):
        return f"backbone.{name.removeprefix(_PREFIX)}"
    return name.removeprefix("decode_head.") if name.startswith(_CLASSIFIER) else name


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@contextmanager
def _without_its_own_report(transformers: Any) -> Iterator[None]:
    """Keep transformers from logging a table of what ours says too."""
    logging = transformers.utils.logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
