"""Which network of a run is its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import torch

from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress, SelectionReport
from hiast.contracts.run_spec import InferenceSpec
from hiast.data.image_set import ImageSet
from hiast.models import SegmentationModel, place
from hiast.rounds.inference import predict, read_ahead

Criterion = Literal["last", "information", "target_labels"]
IMAGES_LOOKED_AT: Final = 200
"""Enough for a mean over some ten million pixels; evenly spread over the set."""


def information(
    model: SegmentationModel,
    images: ImageSet,
    spec: InferenceSpec,
    *,
    device: torch.device,
    on_progress: OnProgress,
) -> float:
    """Mutual information of pixels and predicted classes in nats, 0..log C; reads no label.

    H(mean of p) − mean of H(p) over all pixels of at most IMAGES_LOOKED_AT images: high where each
    pixel's softmax p is certain and the classes are varied (Bridle et al., 1991; used to choose among
    adapted networks by Musgrave et al., arXiv 2208.07360). A network that sees one class only scores 0.
    """
    model = place(model, device).eval()
    count = min(IMAGES_LOOKED_AT, len(images.entries))
    chosen = [images.entries[index * len(images.entries) // count] for index in range(count)]
    total = torch.zeros(model.num_classes, dtype=torch.float64, device=device)
    entropy, pixels = torch.zeros((), dtype=torch.float64, device=device), 0
    for index, (entry, image) in enumerate(read_ahead(images, chosen)):
        log_p = predict(model, image.to(device), spec).log_softmax(1)
        p = log_p.exp()
        total += p.sum((0, 2, 3), dtype=torch.float64)
        entropy -= (p * log_p).sum(dtype=torch.float64)
        pixels += image.shape[-2] * image.shape[-1]
        on_progress(Progress(stage="evaluate", done=index + 1, total=count, message=entry.name))
    mean = total / pixels
    return float(-torch.special.xlogy(mean, mean).sum() - entropy / pixels)


def choose_network(
    criterion: Criterion, candidates: Sequence[str], scores: Mapping[str, float]
) -> SelectionReport:
    """The chosen one of `candidates` (checkpoint paths in order of training, the last teacher last).

    scores: by path, the larger the better; of several best the later one. `last` needs none. Raises
    UserError when a criterion has no scores.
    """
    if criterion == "last":
        chosen = candidates[-1]
    elif not scores:
        raise UserError(
            f"there is no score to choose a network by {criterion!r}.",
            where="evaluation.select_by",
            remedy="Give a labelled validation set, or choose by 'last' or 'information'.",
        )
    else:
        chosen = max(
            reversed([path for path in candidates if path in scores]), key=lambda path: scores[path]
        )
    return SelectionReport(
        criterion=criterion,
        chosen=chosen,
        scores=dict(scores) if criterion != "last" else {},
        saw_target_labels=criterion == "target_labels",
    )
