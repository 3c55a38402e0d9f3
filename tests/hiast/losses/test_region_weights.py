import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.losses import LossWeights, region_weight_map, region_weights, self_training_losses


def test_a_pixel_weighs_the_term_weight_over_the_normaliser() -> None:
    rows = region_weights(10, 5, 4, LossWeights(seg=1.0, kld=0.1, entropy=3.0, consistency=0.5))
    assert [(row.term, row.region) for row in rows] == [
        ("seg", "kept"), ("kld", "kept"), ("entropy", "ignored"), ("consistency", "ignored"),
    ]  # fmt: skip
    np.testing.assert_allclose([row.weight for row in rows], [0.1, 0.0025, 0.15, 0.025])


def test_an_empty_region_weighs_nothing() -> None:
    assert [row.weight > 0 for row in region_weights(0, 5, 4, LossWeights())] == [False, False, True, True]
    assert [row.weight > 0 for row in region_weights(5, 0, 4, LossWeights())] == [True, True, False, False]


def test_the_map_holds_each_weight_in_its_region_only() -> None:
    labels = np.array([[0, 255, 255], [1, 0, 255]], dtype=np.uint8)
    found = region_weight_map(labels, 2, LossWeights())
    assert found.shape == (4, 2, 3)
    assert found.dtype == np.float32
    for plane, row in zip(found, region_weights(3, 3, 2, LossWeights()), strict=True):
        region = (labels == 255) == (row.region == "ignored")
        np.testing.assert_allclose(plane[region], row.weight, rtol=1e-6)
        assert not plane[~region].any()


def test_weighting_the_pixels_by_the_map_gives_the_total_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((1, 3, 4, 5), generator=generator)
    teacher = torch.randn((1, 3, 4, 5), generator=generator).softmax(1)
    labels = torch.randint(0, 3, (1, 4, 5), generator=generator)
    labels[0, :, 2:] = 255
    log_p = logits.log_softmax(1)
    ids = labels.masked_fill(labels == 255, 0)[:, None]
    values = torch.cat(
        (
            -log_p.gather(1, ids),
            -log_p.mean(1, keepdim=True),
            -(log_p.exp() * log_p).sum(1, keepdim=True),
            -(teacher * log_p).sum(1, keepdim=True),
        ),
        1,
    )
    weights = region_weight_map(labels[0], 3, LossWeights())
    assert isinstance(weights, torch.Tensor)
    torch.testing.assert_close(
        (values[0] * weights).sum(), self_training_losses(logits, labels, teacher).total
    )


def test_weights_and_labels_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UserError, match="loss weight entropy is -1"):
        LossWeights(entropy=-1)
    with pytest.raises(UserError, match="labels have shape"):
        region_weight_map(np.zeros((1, 2, 2), int), 2, LossWeights())
