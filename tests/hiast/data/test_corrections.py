import io
import itertools
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from hiast.contracts.class_spaces import STREETS
from hiast.contracts.decisions import decide_label, total
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport
from hiast.data import corrections, label_files

SHAPE = (13, 17)
CLASSES = STREETS.num_classes
UNTOUCHED = np.full(SHAPE, 255, np.uint8)


@pytest.fixture
def label(tmp_path):
    """A written label: kept label, reasons."""
    rng = np.random.default_rng(3)
    label_files.write_label_files(
        tmp_path, "city/a", prediction=rng.integers(0, CLASSES, SHAPE, dtype=np.uint8),
        codes=np.zeros(SHAPE, np.uint16), reason=rng.integers(0, 3, SHAPE, dtype=np.uint8),
        classes=STREETS, codebook="log12",
    )  # fmt: skip
    return label_files.read_kept_label(tmp_path, "city/a"), label_files.read_reason(tmp_path, "city/a")


def png(pixels, mode, **options):
    out = io.BytesIO()
    image = Image.fromarray(pixels) if mode is None else Image.fromarray(pixels).convert(mode)
    image.save(out, "PNG", **options)
    return out.getvalue()


def bomb(height, width, bits=8, kind=0):
    """A PNG that says to be of a size, with whatever inside."""

    def chunk(name, content):
        return (
            struct.pack(">I4s", len(content), name)
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    pixels = zlib.compress(bytes(50_000_000), 9)
    return corrections.PNG_START + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_what_is_drawn_is_read_bit_for_bit():
    drawn = UNTOUCHED.copy()
    drawn[0], drawn[1], drawn[2, 3] = 0, 254, CLASSES - 1
    content = corrections.encode_correction(drawn)
    np.testing.assert_array_equal(corrections.decode_correction(content, SHAPE, CLASSES), drawn)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PNG"),
        (b"GIF89a" + bytes(60), "no PNG"),
        (png(UNTOUCHED, None)[:20], "no PNG"),
        (png(UNTOUCHED, None)[:60], "cut short"),
        (png(UNTOUCHED, None)[:45] + corrections.PNG_END, "the PNG is damaged"),
        (png(UNTOUCHED, None)[:16] + bytes(60), "header is damaged"),
        (png(UNTOUCHED, "RGBA"), "8-bit colour with alpha, not 8-bit grey"),
        (png(UNTOUCHED, "RGB"), "8-bit colour, not 8-bit grey"),
        (png(UNTOUCHED, "LA"), "8-bit grey with alpha"),
        (png(UNTOUCHED, "P"), "palette"),
        (png(UNTOUCHED, "1"), "1-bit grey"),
        (png(UNTOUCHED.astype(np.uint16), None), "16-bit grey"),
        (png(UNTOUCHED.T.copy(), None), "13×17 pixels, the label 17×13"),
        (bomb(60_000, 60_000), "60000×60000 pixels"),
        (png(np.full(SHAPE, CLASSES, np.uint8), None), f"row 0, column 0 has the value {CLASSES}"),
        (png(np.full(SHAPE, 253, np.uint8), None), "value 253.*class ids 0 to 11"),
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(content, words):
    with pytest.raises(UserError, match=words):
        corrections.decode_correction(content, SHAPE, CLASSES)


def test_the_first_wrong_pixel_is_named():
    drawn = UNTOUCHED.copy()
    drawn[4, 7], drawn[9, 2] = 200, 100
    with pytest.raises(UserError, match="row 4, column 7 has the value 200"):
        corrections.decode_correction(png(drawn, None), SHAPE, CLASSES)


@pytest.mark.parametrize("content", [bomb(*SHAPE), bomb(60_000, 60_000)])
def test_a_picture_takes_no_more_memory_than_the_label_has_pixels(content):
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            # Fifty million pixels inside a picture that says to be small are not unpacked, nor are those
            # of one that says to be large.
            ids = corrections.decode_correction(content, SHAPE, CLASSES)
            raise UserError(f"read {ids.size}")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_texts_inside_a_picture_are_not_unpacked_without_end():
    texts = PngImagePlugin.PngInfo()
    for number in range(40):
        texts.add_text(f"t{number}", "a" * 8_000_000, zip=True)
    with pytest.raises(UserError, match="damaged"):
        corrections.decode_correction(png(UNTOUCHED, None, pnginfo=texts), SHAPE, CLASSES)


def test_without_decisions_the_label_is_the_one_that_was_made(label, tmp_path):
    read = corrections.read_decided_label(tmp_path, "city/a", CLASSES)
    through = corrections.DecidedLabels(tmp_path).read("city/a", CLASSES)
    for kept, reason in (read, through):
        assert (kept.tobytes(), reason.tobytes()) == (label[0].tobytes(), label[1].tobytes())


def test_classes_are_vetoed_first_and_what_is_drawn_comes_last(label):
    kept, reason = label
    drawn = UNTOUCHED.copy()
    drawn[0], drawn[1] = 2, 254
    decided, why = corrections.apply_decisions(kept, reason, vetoed_classes=[2, 3], correction=drawn)
    assert (decided[0] == 2).all()
    assert (why[0] == Reason.CORRECTED).all()
    assert (decided[1] == 255).all()
    assert (why[1] == Reason.VETOED).all()
    vetoed = np.isin(kept[2:], [2, 3])
    assert vetoed.any()
    np.testing.assert_array_equal(decided[2:], np.where(vetoed, 255, kept[2:]))
    np.testing.assert_array_equal(why[2:], np.where(vetoed, Reason.VETOED, reason[2:]))
    assert (decided.dtype, why.dtype) == (np.uint8, np.uint8)


def test_counts_are_those_of_the_pixels(label):
    kept, reason = label
    made = np.bincount(kept[kept != 255], minlength=CLASSES).tolist()
    rng = np.random.default_rng(8)
    for _ in range(20):
        drawn = rng.choice(np.array([*range(CLASSES), 254, 255, 255, 255], np.uint8), SHAPE)
        vetoed = rng.integers(0, CLASSES, 3).tolist()
        decided, why = corrections.apply_decisions(kept, reason, vetoed_classes=vetoed, correction=drawn)
        counts = corrections.count_correction(drawn, kept, CLASSES)
        decision = decide_label("a", made, vetoed_classes=vetoed, counts=counts, correction="f")
        assert decision.kept_pixels == np.bincount(decided[decided != 255], minlength=CLASSES).tolist()
        assert sum(decision.corrected_pixels) == (why == Reason.CORRECTED).sum()
        assert decision.ignored_pixels == (drawn == 254).sum()
        lost = np.isin(kept, vetoed) & (drawn == 255)
        assert sum(decision.vetoed_pixels) == lost.sum()
        sums = total([decision, decision])
        assert (sums.labels, sums.ignored_pixels) == (2, 2 * decision.ignored_pixels)
        assert sums.vetoed_pixels == [2 * pixels for pixels in decision.vetoed_pixels]


def test_a_veto_that_meets_no_pixel_changes_nothing():
    assert decide_label("a", [5, 0], vetoed_classes=[1]) is None
    assert decide_label("a", [5, 0]) is None
    assert decide_label("a", [5, 0], vetoed_classes=[0]).kept_pixels == [0, 0]


def test_a_correction_beside_the_files_is_found(label, tmp_path):
    kept = label[0]
    report = LabelReport(
        name="city/a", order=0, height=SHAPE[0], width=SHAPE[1], thresholds=[0.5] * CLASSES,
        predicted_pixels=[0] * CLASSES, class_values=[0.5] * CLASSES, region_weights=[],
        kept_pixels=np.bincount(kept[kept != 255], minlength=CLASSES).tolist(),
    )  # fmt: skip
    assert corrections.with_corrections_beside(tmp_path, [report]).decisions == []
    drawn = UNTOUCHED.copy()
    drawn[5] = 4
    path = tmp_path / "city" / "a.correction.png"
    path.write_bytes(corrections.encode_correction(drawn))
    labels = corrections.with_corrections_beside(tmp_path, [report])
    decided, _ = labels.read("city/a", CLASSES)
    assert (decided[5] == 4).all()
    assert labels.report(report).kept_pixels == np.bincount(decided[decided != 255], minlength=12).tolist()
    path.write_bytes(b"torn")
    with pytest.raises(UserError, match=r"a\.correction\.png.*no PNG"):
        labels.read("city/a", CLASSES)
    path.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        labels.read("city/a", CLASSES)
