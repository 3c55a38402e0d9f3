import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confidenceTable, contour, decodeFloat16, decodeLog12, difference, explain, keptIds, regionWeight, uint16Array,
} from "../../../frontend_gradio/viewer/decode.js";

test("log12 codes stand for the middle of bins that are uniform in -log2(1 - p)", () => {
  assert.equal(decodeLog12(0), 1 - 2 ** (-0.5 / 256));
  assert.equal(decodeLog12(255), 1 - 2 ** (-255.5 / 256));
  assert.ok(Math.abs(decodeLog12(850) - 0.9) < 0.001);
  assert.ok(decodeLog12(4095) < 1);
});

test("float16 codes are half-precision bit patterns", () => {
  assert.equal(decodeFloat16(0x3c00), 1);
  assert.equal(decodeFloat16(0x3800), 0.5);
  assert.equal(decodeFloat16(0x3bff), 0.99951171875);
  assert.equal(decodeFloat16(0x0001), 2 ** -24);
  assert.equal(decodeFloat16(0), 0);
});

test("every codebook decodes to rising confidences", () => {
  const log12 = confidenceTable("log12");
  assert.equal(log12.length, 4096);
  for (let code = 1; code < 4096; code++) assert.ok(log12[code] > log12[code - 1]);
  const half = confidenceTable("float16");
  for (let code = 1; code <= 0x3c00; code++) assert.ok(half[code] > half[code - 1]);
});

test("an unknown codebook is refused by name", () => {
  assert.throws(() => confidenceTable("linear8"), /linear8/);
});

test("raw confidence is read little-endian", () => {
  assert.deepEqual([...uint16Array(new Uint8Array([0x01, 0x02, 0xff, 0x0f]).buffer)], [0x0201, 0x0fff]);
});

test("kept pixels are those whose reason is kept or corrected", () => {
  const kept = keptIds(new Uint8Array([3, 4, 5, 6, 7, 8]), new Uint8Array([0, 1, 2, 3, 4, 5]));
  assert.deepEqual([...kept], [3, 255, 255, 255, 7, 255]);
});

test("a difference tells same, flipped, gained and lost apart", () => {
  const left = new Uint8Array([1, 1, 255, 1, 255]);
  const right = new Uint8Array([1, 2, 2, 255, 255]);
  assert.deepEqual([...difference(left, right)], [1, 2, 3, 4, 0]);
});

test("contours lie where a pixel differs from its right or lower neighbour", () => {
  const ids = new Uint8Array([0, 0, 1, 0, 0, 1, 2, 2, 2]);
  assert.deepEqual([...contour(ids, 3, 3)], [0, 1, 0, 1, 1, 1, 0, 0, 0]);
});

test("region weights add up over the terms of a region", () => {
  const weights = [
    { term: "seg", region: "kept", weight: 4 }, { term: "kld", region: "kept", weight: 0.5 },
    { term: "entropy", region: "ignored", weight: 3 },
  ];
  assert.equal(regionWeight(weights, "kept", "all"), 4.5);
  assert.equal(regionWeight(weights, "kept", "kld"), 0.5);
  assert.equal(regionWeight(weights, "ignored", "kld"), 0);
});

test("the reason is told with the numbers it follows from", () => {
  assert.equal(explain(1, 0.5, 0.9), "ignored: p 0.5000 < θ 0.9000");
  assert.equal(explain(3, 0.95, 0.9), "ignored: vetoed in review");
  assert.equal(explain(5, 0.95, 0.9), "ignored: too few neighbours of its class");
});
