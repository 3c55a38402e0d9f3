import os
import struct

import numpy as np
import pytest
import zstandard
from PIL import Image

from hiast.contracts.class_spaces import STREETS
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.data import label_files
from hiast.selection import Codebook

SHAPE = (13, 17)


def write(directory, name="city/a", codebook="log12", reason=None):
    rng = np.random.default_rng(2)
    arrays = {
        "prediction": rng.integers(0, 12, SHAPE, dtype=np.uint8),
        "codes": rng.integers(0, Codebook.named(codebook).size, SHAPE, dtype=np.uint16),
        "reason": rng.integers(0, 5, SHAPE, dtype=np.uint8) if reason is None else reason,
    }
    label_files.write_label_files(directory, name, **arrays, classes=STREETS, codebook=codebook)
    return arrays


@pytest.mark.parametrize("codebook", ["log12", "float16"])
@pytest.mark.parametrize("name", ["a", "city/deep/a", "a.b"])
def test_what_is_written_is_read_bit_for_bit(tmp_path, codebook, name):
    written = write(tmp_path, name, codebook)
    codes, stored_codebook = label_files.read_codes(tmp_path, name)
    assert (stored_codebook, codes.dtype) == (codebook, np.uint16)
    np.testing.assert_array_equal(codes, written["codes"])
    np.testing.assert_array_equal(label_files.read_prediction(tmp_path, name), written["prediction"])
    np.testing.assert_array_equal(label_files.read_reason(tmp_path, name), written["reason"])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("value", [0, 4095, 65535])
def test_codes_of_any_shape_and_value_survive(shape, value):
    codes = np.full(shape, value, np.uint16)
    codes[-1, -1] = 0
    decoded, _ = label_files.decode_codes(label_files.encode_codes(codes, "log12"), "")
    np.testing.assert_array_equal(decoded, codes)


def test_the_kept_label_is_the_prediction_where_kept_or_corrected(tmp_path):
    reason = np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE).astype(np.uint8) % len(Reason)
    prediction = write(tmp_path, reason=reason)["prediction"]
    label = label_files.read_kept_label(tmp_path, "city/a")
    used = (reason == Reason.KEPT) | (reason == Reason.CORRECTED)
    np.testing.assert_array_equal(label[used], prediction[used])
    assert (label[~used] == 255).all()
    assert label.dtype == np.uint8


def test_every_reason_has_a_colour_of_its_own():
    colours = np.reshape(label_files.REASON_PALETTE, (-1, 3))
    assert len(np.unique(colours, axis=0)) == len(colours) == len(Reason)


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/a", ".."])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="leads out of the label set"):
        write(tmp_path / "labels", name)
    assert not list(tmp_path.rglob("*.png"))


def test_a_missing_label_is_a_sentence(tmp_path):
    for read in (label_files.read_codes, label_files.read_prediction, label_files.read_kept_label):
        with pytest.raises(UserError, match="Restore it or label the round again"):
            read(tmp_path, "absent")


@pytest.mark.parametrize("kind", ["prediction", "reason", "confidence"])
@pytest.mark.parametrize(
    "damage", [lambda c: c[: len(c) // 2], lambda c: c[:10], lambda _: b"", lambda _: b"x" * 99]
)
def test_a_damaged_file_is_a_sentence(tmp_path, kind, damage):
    write(tmp_path)
    path = label_files.label_path(tmp_path, "city/a", kind)
    path.write_bytes(damage(path.read_bytes()))
    read = {"confidence": label_files.read_codes, "reason": label_files.read_reason}
    with pytest.raises(UserError, match="city/a.*damaged"):
        read.get(kind, label_files.read_prediction)(tmp_path, "city/a")


def test_a_flipped_bit_in_the_codes_is_noticed(tmp_path):
    write(tmp_path)
    path = label_files.label_path(tmp_path, "city/a", "confidence")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        label_files.read_codes(tmp_path, "city/a")


@pytest.mark.parametrize(("height", "width"), [(4, 4), (0, 0), (100_000, 100_000)])
def test_a_frame_larger_than_its_header_says_is_not_unpacked(height, width, monkeypatch):
    header = struct.pack("<4sBB2xII", b"HSCC", 1, 0, height, width)
    bomb = header + zstandard.ZstdCompressor().compress(b"\0" * 50_000_000)
    monkeypatch.setattr(
        zstandard, "ZstdDecompressor", lambda: pytest.fail("the bomb was about to be unpacked")
    )
    with pytest.raises(UserError, match="damaged"):
        label_files.decode_codes(bomb, "a")


def test_a_reason_map_larger_than_the_limit_is_refused(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setattr(label_files, "MAX_PIXELS", 10)
    with pytest.raises(UserError, match="damaged"):
        label_files.read_reason(tmp_path, "city/a")


def test_a_png_that_pillow_calls_a_bomb_is_a_sentence(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UserError, match="damaged"):
        label_files.read_reason(tmp_path, "city/a")


def test_files_of_different_sizes_give_no_kept_label(tmp_path):
    write(tmp_path)
    path = label_files.label_path(tmp_path, "city/a", "reason")
    path.write_bytes(label_files.encode_ids(np.zeros((2, 2), np.uint8), label_files.REASON_PALETTE))
    with pytest.raises(UserError, match=r"\(2, 2\).*\(13, 17\)"):
        label_files.read_kept_label(tmp_path, "city/a")


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch, function):
    def fail(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(UserError, match="No space left"):
        write(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
