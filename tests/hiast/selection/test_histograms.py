import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hiast.contracts.errors import UserError
from hiast.selection import Codebook, count_codes, kept_pixels, mean_kept_confidence, predicted_pixels
from hiast.selection.counted_codes import CountedCodes, quantiles

BOOKS = [Codebook.log12(), Codebook.float16()]


@settings(max_examples=200, deadline=None)
@given(
    book=st.sampled_from(BOOKS),
    draws=st.lists(hnp.arrays(np.uint16, st.integers(0, 30), elements=st.integers(0, 4095)), min_size=1,
                   max_size=4),
    share=st.floats(0.0, 1.0),
    extra=st.one_of(st.none(), st.floats(0.0, 1.0)),
)  # fmt: skip
def test_quantiles_equal_numpys_on_the_samples_themselves(
    book: Codebook, draws: list[np.ndarray], share: float, extra: float | None
) -> None:
    histograms = np.stack([np.bincount(codes, minlength=book.size) for codes in draws])
    shares = np.full(len(draws), share)
    extras = None if extra is None else np.full(len(draws), extra)
    found = quantiles(CountedCodes.of(histograms, book), shares, extra=extras)
    for codes, quantile in zip(draws, found, strict=True):
        samples = book.decode(codes) if extra is None else np.append(book.decode(codes), extra)
        expected = np.quantile(samples, share) if samples.size else np.nan
        np.testing.assert_equal(quantile, expected)


def test_counting_tells_classes_and_codes_apart_and_leaves_void_out() -> None:
    codes = np.array([[3, 3, 5], [3, 7, 5]])
    prediction = np.array([[0, 1, 1], [0, 255, 1]])
    counts = count_codes(codes, prediction, 2, Codebook.log12())
    assert counts.shape == (2, 4096)
    assert (counts[0, 3], counts[1, 3], counts[1, 5], counts.sum()) == (2, 1, 2, 5)
    np.testing.assert_array_equal(predicted_pixels(counts), [2, 3])


def test_counting_refuses_unknown_classes_and_unequal_shapes() -> None:
    with pytest.raises(UserError, match="class id 2"):
        count_codes(np.array([1]), np.array([2]), 2, Codebook.log12())
    with pytest.raises(UserError, match="shape"):
        count_codes(np.array([1]), np.array([1, 1]), 2, Codebook.log12())


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_kept_counts_and_means_equal_those_of_the_pixels(book: Codebook) -> None:
    rng = np.random.default_rng(1)
    codes = book.encode(rng.random(500) ** 0.3)
    prediction = rng.integers(0, 3, 500)
    thresholds = np.array([0.5, 0.9, 1.5, 0.1])
    counts = count_codes(codes, prediction, 4, book)
    kept = book.decode(codes) >= thresholds[prediction]
    np.testing.assert_array_equal(
        kept_pixels(counts, thresholds, book), [np.sum(kept & (prediction == c)) for c in range(4)]
    )
    means = [book.decode(codes)[kept & (prediction == c)] for c in range(4)]
    np.testing.assert_allclose(
        mean_kept_confidence(counts, thresholds, book), [m.mean() if m.size else 0.0 for m in means]
    )


def test_kept_counts_take_a_whole_stack_of_images() -> None:
    book = Codebook.log12()
    stack = np.random.default_rng(2).integers(0, 5, (6, 2, book.size))
    thresholds = np.array([0.7, 0.2])
    together = kept_pixels(stack, thresholds, book)
    assert together.shape == (6, 2)
    np.testing.assert_array_equal(together[4], kept_pixels(stack[4], thresholds, book))
