import numpy as np
import pytest
from PIL import Image

from hiast.data.headers import Header, read_header


@pytest.mark.parametrize(
    ("mode", "channels", "bits"),
    [("L", 1, 8), ("P", 1, 8), ("1", 1, 1), ("LA", 2, 8), ("RGB", 3, 8), ("RGBA", 4, 8), ("I;16", 1, 16)],
)
def test_png_headers_tell_size_and_form(tmp_path, mode, channels, bits):
    path = tmp_path / "a.png"
    # Rows of noise in all sixteen bits, so that nothing is saved with fewer.
    pixels = np.random.default_rng(0).integers(0, 65536, (3, 700), np.uint16)
    image = Image.fromarray(pixels)
    if mode != "I;16":
        image = Image.fromarray((pixels % 256).astype(np.uint8)).convert(mode)
    image.save(path)
    assert read_header(path) == Header(700, 3, channels, bits)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("CMYK", 4)])
def test_jpeg_headers_tell_size_and_form(tmp_path, mode, channels):
    Image.new(mode, (7, 5)).save(tmp_path / "a.jpg")
    assert read_header(tmp_path / "a.jpg") == Header(7, 5, channels, 8)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("cut", [1, 2, 12, 40])
def test_a_cut_end_leaves_it_open(tmp_path, name, cut):
    path = tmp_path / name
    Image.new("RGB", (64, 64)).save(path)
    assert read_header(path) is not None
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_header(path) is None


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_leaves_it_open(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert read_header(tmp_path / "a.png") is None


def test_a_start_and_an_end_alone_are_no_image(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[:16] + content[-12:])
    assert read_header(tmp_path / "a.png") is None
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    assert read_header(tmp_path / "a.jpg") is None


def test_a_changed_header_byte_is_noticed(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[19] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    assert read_header(tmp_path / "a.png") is None


def test_other_formats_are_left_to_decoding(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.tif")
    assert read_header(tmp_path / "a.tif") is None
