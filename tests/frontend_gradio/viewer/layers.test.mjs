import assert from "node:assert/strict";
import { test } from "node:test";
import { REASONS } from "../../../frontend_gradio/viewer/reasons.js";
import { DIM, HATCH, REASON_COLOURS, heatColour, rgba } from "../../../frontend_gradio/viewer/drawing/colour.js";
import { samples } from "../../../frontend_gradio/viewer/drawing/cpu_painter.js";
import { layerOf } from "../../../frontend_gradio/viewer/drawing/layers.js";
import { PALETTES, coloursOf } from "../../../frontend_gradio/viewer/drawing/palettes.js";
import { Viewport } from "../../../frontend_gradio/viewer/viewport.js";

const COLOURS = [[10, 20, 30], [40, 50, 60]];
const label = {
  prediction: new Uint8Array([0, 1, 0, 1]),
  table: Float64Array.from([0, 1 - 2 ** -12]),
  hard_classes: [1],
  region_weights: [{ term: "seg", region: "kept", weight: 1 }],
};
const options = (change = {}) => ({ colours: COLOURS, look: () => 255, ...change });

test("bytes of a pixel are red, green, blue, alpha in memory", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(rgba(1, 2, 3, 4)).buffer)], [1, 2, 3, 4]);
});

test("prediction shows every class in its colour, hidden ones not, dimmed ones dimly", () => {
  const { ids, colours } = layerOf("prediction", label, options({ look: (id) => [48, 0][id] }));
  assert.equal(ids, label.prediction);
  assert.deepEqual([...colours.slice(0, 3)], [rgba(10, 20, 30, 48), 0, 0]);
});

test("kept labels are hatched where nothing is kept", () => {
  const { kind, colours, hatched } = layerOf("kept", label, options());
  assert.deepEqual([kind, colours[255], hatched], ["kept", HATCH, true]);
});

test("the hard-class mask shows kept pixels of hard classes and dims the rest", () => {
  const { kind, colours } = layerOf("hard-class", label, options());
  assert.deepEqual([kind, colours[0], colours[1], colours[255]], ["kept", DIM, rgba(...COLOURS[1]), DIM]);
});

test("a region without weight is dimmed, the other is coloured", () => {
  const { kind, colours } = layerOf("region-weight", label, options());
  assert.deepEqual([kind, colours[1], colours[2]], ["status", DIM, DIM]);
  assert.equal(colours[0], colours[4]);
  assert.notEqual(colours[0], DIM);
});

test("confidence runs from the dark to the bright end of the scale", () => {
  const { heat } = layerOf("confidence", label, options());
  assert.deepEqual([...heat], [rgba(...heatColour(0)), rgba(...heatColour(12))]);
});

test("every palette has a colour for every class, apart from the others", () => {
  const space = { classes: ["road", "pole", "car", "train", "other"], colours: [[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5]] };
  for (const [palette] of PALETTES) {
    const colours = coloursOf(palette, space).map(String);
    assert.equal(new Set(colours).size, 5, palette);
  }
  assert.deepEqual(coloursOf("cityscapes", space)[4], [5, 5, 5]);
});

test("a screen column shows the label column under its middle", () => {
  assert.deepEqual([...samples(6, 0, 2, 3)], [0, 0, 1, 1, 2, 2]);
  assert.deepEqual([...samples(3, 0, 0.5, 6)], [1, 3, 5]);
  assert.deepEqual([...samples(3, 1.9, 2, 3)], [2, 2, 2]);
});

test("zooming keeps the point under the cursor", () => {
  const viewport = new Viewport();
  viewport.setImage(200, 100);
  const before = viewport.toImage(300, 120, 400, 400);
  viewport.zoomAt(300, 120, 3, 400, 400);
  const after = viewport.toImage(300, 120, 400, 400);
  assert.ok(Math.abs(before.x - after.x) < 1e-2 && Math.abs(before.y - after.y) < 1e-2);
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
