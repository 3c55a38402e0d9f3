"""What the viewer shows as kept is, pixel for pixel, what label generation would write."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend.labels.pixels import HEADER, MAGIC, VERSION
from hiast.contracts.class_spaces import CITYSCAPES
from hiast.contracts.labels import Reason
from hiast.data import label_files
from hiast.selection import Codebook
from hiast.selection.stage import measurement_of, select

HERE = Path(__file__).parent
NODE = shutil.which("node")
CLASSES, SIZE = 19, (61, 83)
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed: the viewer is not compared")


def _node(script: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [str(NODE), str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("gate", [0.0, 0.4])
@pytest.mark.parametrize("codebook", ["log12", "float16"])
@pytest.mark.parametrize("seed", range(3))
def test_dragged_thresholds_keep_what_the_generator_keeps(
    tmp_path: Path, seed: int, codebook: str, gate: float
) -> None:
    rng = np.random.default_rng(seed)
    book = Codebook.named(codebook)
    blocks = rng.integers(0, CLASSES, (SIZE[0] // 8 + 1, SIZE[1] // 8 + 1), np.uint8)
    prediction = np.kron(blocks, np.ones((8, 8), np.uint8))[: SIZE[0], : SIZE[1]].copy()
    codes = rng.integers(0, book.size, SIZE).astype(np.uint16)
    # What a person drags to is a code's own confidence, where a rounding would show; and some in between.
    thresholds = book.levels[rng.integers(0, book.size, CLASSES)].copy()
    thresholds[::4] = rng.random(len(thresholds[::4]))
    thresholds[1] = 2.0
    measured = measurement_of(
        torch.from_numpy(prediction)[None],
        torch.from_numpy(codes.view(np.int16))[None],
        CLASSES,
        book,
        local_consistency=gate,
    )
    selected = select(measured, thresholds)
    # The label as stored was made by other thresholds: only its inconsistent pixels are the same.
    stored = np.full(SIZE, Reason.BELOW_THRESHOLD, np.uint8)
    stored[rng.random(SIZE) < 0.5] = Reason.KEPT
    reason = selected.reason[0].numpy()
    stored[reason == Reason.INCONSISTENT] = Reason.INCONSISTENT
    pngs = [
        label_files.encode_ids(prediction, CITYSCAPES.palette()),
        label_files.encode_ids(stored, label_files.REASON_PALETTE),
    ]
    planes = label_files.unpack_codes(label_files.encode_codes(codes, codebook), "test").planes()
    header = HEADER.pack(MAGIC, VERSION, *SIZE, *map(len, pngs), len(planes))
    (tmp_path / "pixels.bin").write_bytes(header + b"".join(pngs) + planes)
    (tmp_path / "table.bin").write_bytes(book.levels.astype("<f8").tobytes())
    (tmp_path / "thresholds.bin").write_bytes(thresholds.astype("<f8").tobytes())
    run = _node(HERE / "keep.mjs", tmp_path)
    assert run.returncode == 0, run.stderr
    kept = np.fromfile(tmp_path / "kept.bin", np.uint8).reshape(SIZE)
    np.testing.assert_array_equal(kept, selected.labels[0].numpy())
    np.testing.assert_array_equal(np.fromfile(tmp_path / "status.bin", np.uint8).reshape(SIZE), reason)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "counts.bin", np.uint32), selected.kept_pixels[0])


VIEWER = HERE.parents[2] / "frontend_gradio" / "viewer"
READ_PNG = """
import { readFile, writeFile } from "node:fs/promises";
import { readIds } from "%s";
const { ids } = await readIds(new Uint8Array(await readFile(process.argv[2])));
await writeFile(process.argv[3], ids);
"""


def _read_png(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """The viewer reads a PNG of the folder; its ids are in ids.bin then."""
    script = folder / "read.mjs"
    script.write_text(READ_PNG % (VIEWER / "pixels" / "png_reader.js"))
    return _node(script, folder / name, folder / "ids.bin")


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("mode", ["L", "P"])
def test_pngs_of_ids_are_read_as_pillow_writes_them(tmp_path: Path, bits: int, mode: str) -> None:
    rng = np.random.default_rng(bits)
    ids = np.kron(rng.integers(0, 2**bits, (7, 9)), np.ones((3, 5), int)).astype(np.uint8)
    image = Image.fromarray(ids, mode="L")
    if mode == "P":
        image.putpalette([value for entry in range(2**bits) for value in (entry, 7, 255 - entry)])
        image.save(tmp_path / "ids.png", bits=bits)
    else:
        image.save(tmp_path / "ids.png", compress_level=9)
    run = _read_png(tmp_path, "ids.png")
    assert run.returncode == 0, run.stderr
    np.testing.assert_array_equal(np.fromfile(tmp_path / "ids.bin", np.uint8).reshape(ids.shape), ids)


def test_a_png_of_colours_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG")
    (tmp_path / "colours.png").write_bytes(content.getvalue())
    run = _read_png(tmp_path, "colours.png")
    assert run.returncode != 0
    assert "holds no ids" in run.stderr
