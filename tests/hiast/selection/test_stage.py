from collections.abc import Iterator

import numpy as np
import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.selection import (
    Codebook,
    count_codes,
    labels_from_codes,
    locally_consistent,
    reasons_from_labels,
    stage,
)
from hiast.selection.stage import measure, select

both = pytest.mark.parametrize("book", [Codebook.log12(), Codebook.float16()], ids=lambda b: b.name)


def smooth_logits(
    classes: int, scale: float, seed: int = 0, size: tuple[int, int] = (150, 180)
) -> torch.Tensor:
    coarse = torch.randn((2, classes, 12, 16), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse * scale, size=size, mode="bilinear")


def exact_codes(logits: torch.Tensor, book: Codebook) -> np.ndarray:
    """From a float64 softmax; 1−p summed over the other classes so that it is exact near p = 1."""
    powers = (logits.double() - logits.double().amax(1, keepdim=True)).exp()
    rest = powers.scatter(1, logits.argmax(1, keepdim=True), 0.0).sum(1)
    if book.name == "float16":
        return book.encode((1.0 / (1.0 + rest)).numpy())
    return np.minimum(-np.log2((rest / (1.0 + rest)).numpy()) * 256, 4095).astype(np.uint16)


@both
@pytest.mark.parametrize("scale", [0.5, 4.0, 15.0])
def test_codes_are_those_of_a_float64_softmax(book: Codebook, scale: float) -> None:
    logits = smooth_logits(19, scale)
    measured = measure(logits, book)
    found = measured.codes.numpy().view(np.uint16)
    difference = np.abs(found.astype(int) - exact_codes(logits, book).astype(int))
    assert difference.max() <= 1
    # float16 codes are rounded float32 confidences; torch's own float32 softmax agrees no better.
    assert (difference == 0).mean() >= (0.9999 if book.name == "log12" else 0.9998)
    assert torch.equal(measured.prediction.long(), logits.argmax(1))


@both
def test_confidence_near_one_is_resolved(book: Codebook) -> None:
    margins = torch.linspace(0.0, 30.0, 4000)
    logits = torch.stack((margins, torch.zeros_like(margins))).view(1, 2, 40, 100)
    found = measure(logits, book).codes.numpy().view(np.uint16).astype(int)
    assert np.abs(found - exact_codes(logits, book)).max() <= 1
    assert np.all(np.diff(found.reshape(-1)) >= 0)


@pytest.mark.parametrize("classes", [1, 2, 9, 254])
def test_any_number_of_classes_is_predicted_as_argmax_does(classes: int) -> None:
    logits = torch.randn((1, classes, 17, 23), generator=torch.Generator().manual_seed(classes)) * 3
    assert torch.equal(measure(logits, Codebook.log12()).prediction.long(), logits.argmax(1))


def test_ties_go_to_the_lowest_class() -> None:
    logits = torch.randint(0, 3, (2, 6, 40, 40), generator=torch.Generator().manual_seed(0)).float()
    measured = measure(logits, Codebook.log12())
    assert torch.equal(measured.prediction.long(), logits.argmax(1))
    found = measured.codes.numpy().view(np.uint16).astype(int)
    assert np.abs(found - exact_codes(logits, Codebook.log12())).max() <= 1


def test_near_ties_below_float_resolution_still_follow_the_logits() -> None:
    top = torch.tensor(1e-3)
    below = torch.nextafter(top, torch.tensor(0.0))
    logits = torch.stack((below, top, torch.tensor(-9.0))).view(1, 3, 1, 1)
    measured = measure(logits, Codebook.float16())
    assert int(measured.prediction) == 1
    assert abs(Codebook.float16().decode(measured.codes.numpy()).item() - 0.5) < 1e-3


def test_histograms_count_the_codes_of_each_image() -> None:
    book = Codebook.log12()
    measured = measure(smooth_logits(5, 4.0), book)
    assert measured.histograms.shape == (2, 5, 4096)
    for image in range(2):
        expected = count_codes(measured.codes[image].numpy(), measured.prediction[image].numpy(), 5, book)
        np.testing.assert_array_equal(measured.histograms[image], expected)


@both
def test_selection_equals_replaying_the_stored_codes(book: Codebook) -> None:
    measured = measure(smooth_logits(5, 4.0), book)
    thresholds = np.array([0.3, 0.7, 0.95, 1.0, 2.0])
    selected = select(measured, thresholds)
    prediction = measured.prediction.numpy()
    stored = measured.codes.numpy().view(np.uint16)
    labels = labels_from_codes(stored, prediction, thresholds, book)
    np.testing.assert_array_equal(selected.labels.numpy(), labels)
    np.testing.assert_array_equal(selected.reason.numpy(), reasons_from_labels(labels, prediction))
    for image in range(2):
        np.testing.assert_array_equal(
            selected.kept_pixels[image], [(labels[image] == c).sum() for c in range(5)]
        )
        np.testing.assert_array_equal(
            selected.predicted_pixels[image], [(prediction[image] == c).sum() for c in range(5)]
        )
    assert set(np.unique(selected.reason)) == {Reason.KEPT, Reason.BELOW_THRESHOLD}


@both
def test_inconsistent_pixels_are_no_candidates(book: Codebook) -> None:
    logits = smooth_logits(5, 4.0)
    logits += torch.randn(logits.shape, generator=torch.Generator().manual_seed(1)) * 2
    plain, gated = measure(logits, book), measure(logits, book, local_consistency=0.6, local_window=3)
    prediction, stored = plain.prediction.numpy(), plain.codes.numpy().view(np.uint16)
    assert torch.equal(gated.prediction, plain.prediction)
    assert torch.equal(gated.codes, plain.codes)
    left_out = ~locally_consistent(prediction, window=3, share=0.6)
    assert 0.1 < left_out.mean() < 0.9
    np.testing.assert_array_equal(gated.inconsistent.numpy(), left_out)
    np.testing.assert_array_equal(gated.candidates.numpy(), np.where(left_out, 255, prediction))
    for image in range(2):
        counts = count_codes(stored[image], gated.candidates[image].numpy(), 5, book)
        np.testing.assert_array_equal(gated.histograms[image], counts)


def test_selection_with_the_gate_equals_replaying_what_is_stored() -> None:
    book = Codebook.log12()
    logits = smooth_logits(5, 4.0)
    logits += torch.randn(logits.shape, generator=torch.Generator().manual_seed(1)) * 2
    measured = measure(logits, book, local_consistency=0.6, local_window=3)
    thresholds = np.array([0.3, 0.7, 0.95, 1.0, 2.0])
    selected = select(measured, thresholds)
    prediction, reason = measured.prediction.numpy(), selected.reason.numpy()
    left_out = reason == Reason.INCONSISTENT
    np.testing.assert_array_equal(left_out, measured.inconsistent.numpy())
    stored = measured.codes.numpy().view(np.uint16)
    labels = labels_from_codes(stored, prediction, thresholds, book, inconsistent=left_out)
    np.testing.assert_array_equal(selected.labels.numpy(), labels)
    np.testing.assert_array_equal(reason, reasons_from_labels(labels, prediction, inconsistent=left_out))
    np.testing.assert_array_equal(labels, np.where(reason == Reason.KEPT, prediction, 255))
    for image in range(2):
        for counted, ids in (
            (selected.kept_pixels, labels),
            (selected.predicted_pixels, prediction),
        ):
            np.testing.assert_array_equal(
                counted[image], np.bincount(ids[image].ravel(), minlength=256)[:5]
            )
    assert set(np.unique(reason)) == {Reason.KEPT, Reason.BELOW_THRESHOLD, Reason.INCONSISTENT}


def test_the_size_of_the_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = smooth_logits(7, 4.0, size=(31, 33))
    whole = measure(logits, Codebook.log12())
    monkeypatch.setattr(stage, "CPU_BLOCK", 100)
    blocks = measure(logits, Codebook.log12())
    assert torch.equal(whole.codes, blocks.codes)
    assert torch.equal(whole.prediction, blocks.prediction)


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("inference", [False, True])
def test_the_number_of_threads_changes_nothing_and_stays_as_it_is(inference: bool) -> None:
    logits = smooth_logits(7, 4.0, size=(300, 301))
    with torch.inference_mode(inference):
        together = measure(logits, Codebook.log12())
    assert torch.get_num_threads() == 3
    torch.set_num_threads(1)
    alone = measure(logits, Codebook.log12())
    assert torch.equal(together.codes, alone.codes)
    assert torch.equal(together.prediction, alone.prediction)
    np.testing.assert_array_equal(together.histograms, alone.histograms)


@pytest.mark.usefixtures("three_threads")
def test_a_fault_found_in_a_thread_reaches_the_caller() -> None:
    logits = smooth_logits(3, 1.0, size=(300, 301))
    logits[1, 2, 299, 300] = float("nan")
    with pytest.raises(UserError, match="NaN or infinite"):
        measure(logits, Codebook.log12())
    assert torch.get_num_threads() == 3


def test_channels_last_and_half_precision_logits_are_read_as_they_are() -> None:
    logits = smooth_logits(6, 4.0, size=(20, 30)).half()
    expected = measure(logits.float(), Codebook.log12())
    found = measure(logits.to(memory_format=torch.channels_last), Codebook.log12())
    assert torch.equal(found.codes, expected.codes)
    assert torch.equal(found.prediction, expected.prediction)


def test_logits_that_require_gradients_are_measured_without_them() -> None:
    logits = smooth_logits(4, 2.0, size=(8, 8)).requires_grad_()
    assert not measure(logits, Codebook.log12()).codes.requires_grad


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_diverged_logits_are_refused(wrong: float) -> None:
    logits = torch.zeros((1, 3, 4, 4))
    logits[0, 1, 2, 2] = wrong
    with pytest.raises(UserError, match="NaN or infinite"):
        measure(logits, Codebook.log12())


def test_a_class_ruled_out_by_minus_infinity_is_never_predicted() -> None:
    logits = torch.zeros((1, 3, 2, 2))
    logits[:, 0], logits[:, 1] = float("-inf"), 1.0
    assert measure(logits, Codebook.log12()).prediction.unique().tolist() == [1]


def test_logits_of_another_shape_are_refused() -> None:
    for logits in (torch.zeros(3, 4, 4), torch.zeros(1, 255, 2, 2), torch.zeros(1, 3, 2, 2).long()):
        with pytest.raises(UserError, match="logits have shape"):
            measure(logits, Codebook.log12())
