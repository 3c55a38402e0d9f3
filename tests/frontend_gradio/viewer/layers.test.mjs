import assert from "node:assert/strict";
import { test } from "node:test";
import { REASONS } from "../../../frontend_gradio/viewer/decode.js";
import { REASON_COLOURS, heatColour, paint, rgba } from "../../../frontend_gradio/viewer/layers.js";
import { Viewport } from "../../../frontend_gradio/viewer/viewport.js";

const COLOURS = [[10, 20, 30], [40, 50, 60]];
const label = {
  width: 2, height: 2,
  prediction: new Uint8Array([0, 1, 0, 1]),
  kept: new Uint8Array([0, 255, 0, 1]),
  reason: new Uint8Array([0, 1, 0, 0]),
  codes: new Uint16Array([0, 0, 1, 1]),
  table: Float64Array.from([0, 1 - 2 ** -12]),
  hard_classes: [1],
  region_weights: [{ term: "seg", region: "kept", weight: 1 }],
};
const options = (change = {}) => ({ colours: COLOURS, visible: () => true, contours: false, term: "all", ...change });

test("bytes of a pixel are red, green, blue, alpha in memory", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(rgba(1, 2, 3, 4)).buffer)], [1, 2, 3, 4]);
});

test("prediction shows every class in its colour", () => {
  const expected = [0, 1, 0, 1].map((id) => rgba(...COLOURS[id]));
  assert.deepEqual([...paint("prediction", label, options())], expected);
});

test("hidden classes are transparent", () => {
  const pixels = paint("prediction", label, options({ visible: (id) => id === 1 }));
  assert.deepEqual([...pixels].map((pixel) => pixel !== 0), [false, true, false, true]);
});

test("the hard-class mask shows kept pixels of hard classes and dims the rest", () => {
  const pixels = paint("hard-class", label, options());
  assert.equal(pixels[3], rgba(...COLOURS[1]));
  assert.equal(pixels[0], pixels[1]);
  assert.notEqual(pixels[0], rgba(...COLOURS[0]));
});

test("a region without weight is dimmed, the other is coloured", () => {
  const pixels = paint("region-weight", label, options());
  assert.equal(pixels[0], pixels[2]);
  assert.equal(pixels[0], pixels[3]);
  assert.notEqual(pixels[0], pixels[1]);
});

test("confidence runs from the dark to the bright end of the scale", () => {
  const pixels = paint("confidence", label, options());
  assert.equal(pixels[0], rgba(...heatColour(0)));
  assert.equal(pixels[3], rgba(...heatColour(12)));
});

test("contours leave only border pixels", () => {
  const pixels = paint("prediction", label, options({ contours: true }));
  assert.deepEqual([...pixels].map((pixel) => pixel !== 0), [true, false, true, false]);
});

test("zooming keeps the point under the cursor", () => {
  const viewport = new Viewport();
  viewport.setImage(200, 100);
  const before = viewport.toImage(300, 120, 400, 400);
  viewport.zoomAt(300, 120, 3, 400, 400);
  const after = viewport.toImage(300, 120, 400, 400);
  assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
  assert.equal(viewport.scaleIn(400, 400), 6);
});

test("zooming out never goes below the whole image", () => {
  const viewport = new Viewport();
  viewport.setImage(200, 100);
  viewport.zoomAt(300, 120, 3, 400, 400);
  viewport.zoomAt(10, 10, 0.01, 400, 400);
  assert.equal(viewport.scaleIn(400, 400), 2);
  assert.deepEqual(viewport.centre, { x: 100, y: 50 });
});

test("every reason has words and a colour of its own", () => {
  assert.equal(REASON_COLOURS.length, REASONS.length);
  assert.equal(new Set(REASON_COLOURS.map(String)).size, REASONS.length);
});
