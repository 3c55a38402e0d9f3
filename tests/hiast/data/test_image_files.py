import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data.image_files import read_image, read_label


def spec_of(root):
    return DatasetSpec(kind="folder", root=str(root))


def entry_of(image="a.png", label=None):
    return ImageEntry(name="a", image_path=image, label_path=label)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK"])
def test_images_of_any_mode_become_rgb(tmp_path, mode):
    Image.new("RGB", (5, 3), (255, 255, 255)).convert(mode).save(tmp_path / "a.tif")
    pixels = read_image(spec_of(tmp_path), entry_of("a.tif"))
    assert (pixels.shape, pixels.dtype) == ((3, 5, 3), np.uint8)
    assert (pixels == 255).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_an_image_of_deep_channels_is_refused_instead_of_clipped(tmp_path, dtype):
    Image.fromarray(np.full((3, 5), 300, dtype)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match="8 bits per channel"):
        read_image(spec_of(tmp_path), entry_of("a.tif"))


def test_a_paletted_label_gives_ids_not_colours(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 255]], np.uint8), mode="L")
    image.putpalette([9, 9, 9, 200, 0, 0] * 128)
    image.save(tmp_path / "l.png")
    assert read_label(spec_of(tmp_path), entry_of(label="l.png")).tolist() == [[0, 1, 255]]


def test_an_image_without_a_label_is_named(tmp_path):
    with pytest.raises(UserError, match="image 'a' has no label"):
        read_label(spec_of(tmp_path), entry_of())


def test_a_link_out_of_the_root_is_refused(tmp_path):
    (tmp_path / "root").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "outside.png")
    (tmp_path / "root/a.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(UserError, match="leads out"):
        read_image(spec_of(tmp_path / "root"), entry_of())


def test_a_png_with_a_text_bomb_is_a_faulty_file(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    body = b"zTXt" + b"k\0\0" + zlib.compress(b"\0" * 5_000_000)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[:33] + chunk + content[33:])
    with pytest.raises(UserError, match=r"a\.png: the file cannot be read"):
        read_image(spec_of(tmp_path), entry_of())


def write_bomb(path, width, height):
    """A PNG of a few bytes that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100_000)), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in chunks
        )
    )


@pytest.mark.parametrize("size", [(8193, 8192), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_an_image_too_large_is_refused_before_it_is_decoded(tmp_path, size):
    write_bomb(tmp_path / "a.png", *size)
    with pytest.raises(
        UserError, match=r"a\.png: the (image has .* pixels, more than|file cannot be read)"
    ):
        read_image(spec_of(tmp_path), entry_of())


def test_large_images_are_scanned_in_bounded_memory(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "classes.json").write_text('{"class_space": "cityscapes"}')
    Image.new("RGB", (8000, 6250), (9, 9, 9)).save(tmp_path / "images/large.png", compress_level=1)
    write_bomb(tmp_path / "images/bomb.png", 60_000, 60_000)
    code = f"""
from hiast.contracts.datasets import DatasetSpec
from hiast.data import scan_dataset
scan = scan_dataset(DatasetSpec(kind="folder", root={str(tmp_path)!r}), lambda _: None)
for entry in scan.entries:
    print(entry.name, entry.width, entry.problem is None)
# Not getrusage: its peak is also that of the process this one was forked from.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    bomb, large, mebibytes = done.stdout.splitlines()
    assert (bomb, large) == ("bomb 0 False", "large 8000 True")
    assert int(mebibytes) < 700
