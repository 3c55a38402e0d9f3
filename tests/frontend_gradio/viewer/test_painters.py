"""Both painters paint the same pixels, and those are the label's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, Page

from tests.frontend_gradio.servers import free_port, serving

pytestmark = pytest.mark.browser
VIEWER = Path(__file__).parents[3] / "frontend_gradio" / "viewer"
# Paints a random label with both painters, at several zooms; answers what differs.
SCRIPT = """async ([kind, contours, corrected]) => {
  const { CpuPainter, samples } = await import('/viewer/drawing/cpu_painter.js');
  const { GlPainter } = await import('/viewer/drawing/gl_painter.js');
  const { rgba } = await import('/viewer/drawing/colour.js');
  const { keptAt, statusAt } = await import('/viewer/drawing/kept.js');
  let seed = 7;
  const random = (limit) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % limit; };
  const [width, height, K] = [97, 61, 4096], pixels = width * height;
  const bytes = (limit) => Uint8Array.from({ length: pixels }, () => random(limit));
  const label = { width, height, prediction: bytes(19), reason: bytes(6), table: new Float64Array(K),
    codes: Uint16Array.from({ length: pixels }, () => random(K)),
    drawn: corrected
      ? Uint8Array.from({ length: pixels }, () => [255, 255, 254, random(19)][random(4)]) : null };
  const rule = { first: Uint32Array.from({ length: 256 }, () => random(K + 1)),
    vetoed: Uint8Array.from({ length: 256 }, () => (random(5) === 0 ? 1 : 0)) };
  const colour = (_, i) => (i % 7 === 3 ? 0 : rgba(i, 255 - i, (i * 5) & 255));
  const colours = Uint32Array.from({ length: 256 }, colour);
  const heat = Uint32Array.from({ length: K }, (_, i) => rgba(i & 255, i >> 4, 99));
  const layer = { kind, colours, ids: bytes(256), hatched: kind === 'kept',
    heat: kind === 'codes' ? heat : undefined };
  const sized = (width, height) => Object.assign(document.createElement('canvas'), { width, height });
  const read = (canvas) => {
    const copy = sized(canvas.width, canvas.height);
    const context = copy.getContext('2d');
    context.drawImage(canvas, 0, 0);
    return new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  };
  const [one, other] = [sized(200, 150), sized(200, 150)];
  const painters = [new CpuPainter(one), new GlPainter(other)];
  const available = GlPainter.isAvailable({ emulated: true });
  const result = { differing: 0, painted: 0, wrong: 0, available };
  const boxes = [[1, 0, [0, 0, 97, 61]], [0.37, 0, [11, 5, 35, 22]], [5.3, 20.4, [0, 0, 200, 150]]];
  for (const [scale, offset, box] of boxes) {
    const columns = samples(box[2], offset, scale, width), rows = samples(box[3], offset, scale, height);
    for (const painter of painters) painter.paint(layer, label, rule, box, columns, rows, contours);
    const [a, b] = [read(one), read(other)];
    for (let i = 0; i < a.length; i++) { result.differing += a[i] !== b[i]; result.painted += a[i] !== 0; }
    if (scale !== 1 || contours || kind === 'codes' || layer.hatched) continue;
    for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) {
      const settled = kind === 'kept' ? keptAt : statusAt;
      const key = kind === 'ids' ? layer.ids[i] : settled(label, rule, i);
      result.wrong += a[y * 200 + x] !== colours[key];
    }
  }
  return result;
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    app = FastAPI()
    app.mount("/viewer", StaticFiles(directory=VIEWER))
    app.add_api_route("/", lambda: HTMLResponse("<!doctype html><title>painters</title>"))
    with serving(app, free_port()) as origin:
        opened = browser.new_page()
        opened.goto(origin)
        yield opened
        opened.close()


@pytest.mark.parametrize("corrected", [False, True], ids=["untouched", "corrected"])
@pytest.mark.parametrize("contours", [False, True], ids=["areas", "contours"])
@pytest.mark.parametrize("kind", ["ids", "kept", "status", "codes"])
def test_loops_and_shader_paint_the_same(page: Page, kind: str, contours: bool, corrected: bool) -> None:
    result = page.evaluate(SCRIPT, [kind, contours, corrected])
    assert result["available"]
    assert result["painted"] > 1000
    assert (result["differing"], result["wrong"]) == (0, 0)
