import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hiast.contracts.errors import NotFoundError, UserError
from hiast.selection import Codebook

BOOKS = [Codebook.log12(), Codebook.float16()]
both = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)


@both
def test_every_code_survives_decoding_and_encoding(book: Codebook) -> None:
    codes = np.arange(book.size, dtype=np.uint16)
    np.testing.assert_array_equal(book.encode(book.decode(codes)), codes)
    assert np.all(np.diff(book.levels) > 0)
    assert Codebook.named(book.name) is book


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=50), st.sampled_from(BOOKS))
def test_encoding_keeps_the_order_of_confidences(values: list[float], book: Codebook) -> None:
    codes = book.encode(np.sort(values))
    assert codes.dtype == np.uint16
    assert np.all(np.diff(codes.astype(int)) >= 0)


def test_a_log12_code_is_off_by_at_most_half_a_code() -> None:
    book = Codebook.log12()
    bits = np.linspace(0.0, 15.99, 1000)
    decoded = -np.log2(1.0 - book.decode(book.encode(1.0 - 2.0**-bits)))
    assert np.abs(decoded - bits).max() <= 0.5 / 256 + 1e-9


def test_float16_codes_are_the_bit_patterns_of_float16() -> None:
    values = np.random.default_rng(0).random(1000).astype(np.float32)
    book = Codebook.float16()
    np.testing.assert_array_equal(book.encode(values), values.astype(np.float16).view(np.uint16))
    np.testing.assert_array_equal(book.encode(np.array([-0.0, 1.0])), [0, 0x3C00])


def test_certainty_gets_the_last_log12_code() -> None:
    np.testing.assert_array_equal(
        Codebook.log12().encode(np.array([0.0, 1.0 - 1e-9, 1.0])), [0, 4095, 4095]
    )


@both
@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan")])
def test_confidences_that_are_no_probabilities_are_refused(book: Codebook, wrong: float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        book.encode(np.array([0.5, wrong]))


def test_codes_of_another_codebook_are_refused() -> None:
    with pytest.raises(UserError, match=r"0\.\.4095"):
        Codebook.log12().decode(np.array([4096]))
    with pytest.raises(UserError, match=r"0\.\.4095"):
        Codebook.log12().decode(np.array([-1]))


def test_an_unknown_codebook_names_those_that_exist() -> None:
    with pytest.raises(NotFoundError, match="float16, log12"):
        Codebook.named("log8")


@given(st.lists(st.floats(0.0, 1.5), min_size=1, max_size=20), st.sampled_from(BOOKS))
def test_the_first_kept_code_splits_exactly_where_the_threshold_does(
    thresholds: list[float], book: Codebook
) -> None:
    every_code = np.arange(book.size)
    first = book.first_kept_code(np.array(thresholds))
    for threshold, code in zip(thresholds, first, strict=True):
        np.testing.assert_array_equal(every_code >= code, book.decode(every_code) >= threshold)


@both
def test_tensors_in_give_tensors_out(book: Codebook) -> None:
    confidence = torch.tensor([[0.25, 0.9], [0.99, 1.0]])
    codes = book.encode(confidence)
    assert isinstance(codes, torch.Tensor)
    np.testing.assert_array_equal(codes.numpy(), book.encode(confidence.numpy()))
    decoded = book.decode(codes)
    assert isinstance(decoded, torch.Tensor)
    assert decoded.dtype == torch.float64


@both
def test_empty_arrays_are_fine(book: Codebook) -> None:
    assert book.decode(book.encode(np.empty((0, 3)))).shape == (0, 3)
