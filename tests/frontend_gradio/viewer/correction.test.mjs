import assert from "node:assert/strict";
import { test } from "node:test";
import { notKept } from "../../../frontend_gradio/viewer/correction/forced_keep.js";
import { CorrectionMask } from "../../../frontend_gradio/viewer/correction/mask.js";
import { brush, connected, polygon, region } from "../../../frontend_gradio/viewer/correction/shapes.js";
import { superpixels } from "../../../frontend_gradio/viewer/correction/superpixels.js";
import { keptIds, ruleOf } from "../../../frontend_gradio/viewer/drawing/kept.js";
import { readIds } from "../../../frontend_gradio/viewer/pixels/png_reader.js";
import { greyPng } from "../../../frontend_gradio/viewer/png_writer.js";

let seed = 3;
function random(limit) {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return (seed / 2147483648) * limit;
}
const whole = (limit) => Math.floor(random(limit));

function drawn(spans, width, height) {
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < spans.length; at += 3) {
    const [y, start, end] = spans.slice(at, at + 3);
    assert.ok(y >= 0 && y < height && start >= 0 && start < end && end <= width, `span ${y} ${start} ${end}`);
    for (let x = start; x < end; x++) {
      assert.equal(pixels[y * width + x], 0, "a pixel twice");
      pixels[y * width + x] = 1;
    }
  }
  return pixels;
}

test("a brush covers the pixels whose middle is within its radius of its way", () => {
  const [width, height] = [40, 30];
  for (let trial = 0; trial < 60; trial++) {
    const point = () => ({ x: random(60) - 10, y: random(50) - 10 });
    const from = point(), to = trial % 5 ? point() : { ...from }, radius = 0.6 + random(9);
    const pixels = drawn(brush(from, to, radius, width, height), width, height);
    const [dx, dy] = [to.x - from.x, to.y - from.y], square = dx * dx + dy * dy;
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
      const along = square ? Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / square)) : 0;
      const away = Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
      if (Math.abs(away - radius) > 1e-6) assert.equal(Boolean(pixels[i]), away < radius, `${trial}: ${x} ${y}`);
    }
  }
});

test("a polygon holds the pixels whose middle is inside, even-odd", () => {
  const [width, height] = [30, 24];
  for (let trial = 0; trial < 40; trial++) {
    const points = Array.from({ length: 3 + whole(5) }, () => ({ x: random(40) - 5, y: random(34) - 5 }));
    const pixels = drawn(polygon(points, width, height), width, height);
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
      let inside = false;
      points.forEach((a, k) => {
        const b = points[(k + 1) % points.length];
        if ((a.y <= y) !== (b.y <= y) && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
      });
      assert.equal(Boolean(pixels[i]), inside, `${trial}: ${x} ${y}`);
    }
  }
});

test("what hangs together by edges is found whole, and nothing else", () => {
  const [width, height] = [23, 17];
  for (let trial = 0; trial < 40; trial++) {
    const ids = Uint8Array.from({ length: width * height }, () => whole(2));
    const [x, y] = [whole(width), whole(height)];
    const pixels = drawn(connected(ids, width, height, x, y), width, height);
    const expected = new Uint8Array(ids.length), waiting = [y * width + x];
    while (waiting.length) {
      const i = waiting.pop();
      if (expected[i] || ids[i] !== ids[y * width + x]) continue;
      expected[i] = 1;
      if (i % width) waiting.push(i - 1);
      if ((i + 1) % width) waiting.push(i + 1);
      if (i >= width) waiting.push(i - width);
      if (i + width < ids.length) waiting.push(i + width);
    }
    assert.deepEqual(pixels, expected);
  }
});

test("any number of strokes can be undone and done again", () => {
  const mask = new CorrectionMask(31, 19);
  const predicted = Uint8Array.from({ length: 31 * 19 }, () => [0, 3, 255][whole(3)]);
  const states = [mask.ids.slice()];
  for (let stroke = 0; stroke < 25; stroke++) {
    mask.begin();
    for (let part = 0; part < 3; part++) {
      const [from, to] = [0, 1].map(() => ({ x: random(31), y: random(19) }));
      mask.paint(brush(from, to, 1 + random(5), 31, 19), [0, 3, 254, 255, predicted][whole(5)]);
    }
    mask.end();
    if (!states.at(-1).every((id, i) => id === mask.ids[i])) states.push(mask.ids.slice());
  }
  for (let at = states.length - 2; at >= 0; at--) { mask.undo(); assert.deepEqual(mask.ids, states[at]); }
  assert.equal(mask.canUndo, false);
  assert.equal(mask.isEmpty, true);
  for (const state of states.slice(1)) { mask.redo(); assert.deepEqual(mask.ids, state); }
  assert.equal(mask.canRedo, false);
  mask.undo();
  mask.paint([0, 0, 5], 7);
  if (mask.canUndo) assert.equal(mask.canRedo, false);
});

test("painted with a map each pixel takes its own id, and stays as it is where there is none", () => {
  const [width, height] = [31, 19];
  const predicted = Uint8Array.from({ length: width * height }, () => [0, 1, 7, 255][whole(4)]);
  for (let trial = 0; trial < 20; trial++) {
    const mask = new CorrectionMask(width, height);
    mask.paint(brush({ x: 4, y: 4 }, { x: 20, y: 9 }, 5, width, height), [5, 254][trial % 2]);
    const before = mask.ids.slice();
    const spans = brush({ x: random(31), y: random(19) }, { x: random(31), y: random(19) }, 1 + random(6), width, height);
    mask.paint(spans, predicted);
    const covered = drawn(spans, width, height);
    assert.deepEqual(mask.ids, before.map((id, i) => (covered[i] && predicted[i] !== 255 ? predicted[i] : id)));
    mask.undo();
    assert.deepEqual(mask.ids, before);
  }
});

test("a class is kept wherever it is predicted and not ignored by hand, and nothing else changes", () => {
  const [width, height] = [23, 17];
  const pixels = (values) => Uint8Array.from({ length: width * height }, () => values[whole(values.length)]);
  const label = { width, height, table: Float64Array.from([0.1, 0.4, 0.6, 0.9]), prediction: pixels([0, 1, 2, 255]),
    codes: pixels([0, 1, 2, 3]), reason: pixels([0, 0, 0, 5]), drawn: pixels([255, 255, 255, 254, 0, 1]) };
  label.reason.forEach((_, i) => { if (label.prediction[i] === 255) label.reason[i] = 2; });
  for (const vetoed of [[], [1]]) {
    const rule = ruleOf(label.table, [0.5, 0.7, 0.7], vetoed);
    const before = keptIds(label, rule);
    const mask = new CorrectionMask(width, height, label.drawn);
    mask.paint(notKept(label, rule, 1), 1);
    const after = keptIds({ ...label, drawn: mask.ids }, rule);
    assert.deepEqual(after, before.map((id, i) => (
      id === 255 && label.prediction[i] === 1 && label.drawn[i] !== 254 ? 1 : id)));
    assert.deepEqual(notKept({ ...label, drawn: mask.ids }, rule, 1), []);
    mask.undo();
    assert.deepEqual(mask.ids, label.drawn);
    assert.equal(mask.canUndo, false);
  }
});

test("what is drawn is counted by class, ignored apart", () => {
  const mask = new CorrectionMask(4, 2);
  mask.paint([0, 0, 3], 5);
  mask.paint([1, 1, 2, 0, 2, 4], 254);
  assert.deepEqual(mask.counts(), { classes: new Map([[5, 2]]), ignored: 3 });
  mask.clear();
  assert.ok(mask.isEmpty);
  mask.undo();
  assert.equal(mask.counts().ignored, 3);
});

test("superpixels cover the image and keep to its borders", () => {
  const [width, height] = [64, 48];
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) rgba.fill(i % width < 29 ? 30 : 220, 4 * i, 4 * i + 3);
  const numbers = superpixels(rgba, width, height, 16);
  const sides = new Map();
  numbers.forEach((number, i) => sides.set(number, (sides.get(number) ?? new Set()).add(i % width < 29)));
  assert.ok(sides.size >= 8);
  for (const side of sides.values()) assert.equal(side.size, 1);
  const box = { left: 0, right: width, top: 0, bottom: height };
  const area = drawn(region(numbers, width, numbers[0], box), width, height);
  assert.deepEqual([...area].map(Boolean), [...numbers].map((number) => number === numbers[0]));
});

test("a mask travels as a PNG and comes back", async () => {
  const [width, height] = [37, 21];
  const ids = Uint8Array.from({ length: width * height }, () => whole(256));
  const png = await greyPng(ids, width, height);
  assert.equal(png.type, "image/png");
  assert.deepEqual(await readIds(new Uint8Array(await png.arrayBuffer())), { width, height, ids });
});
