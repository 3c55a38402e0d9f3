import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BELOW, CORRECTED, IGNORED, KEPT, VETOED, firstKeptCode, keptIds, keptPixels, ruleOf, statusAt,
} from "../../../frontend_gradio/viewer/drawing/kept.js";
import { causes, difference, errors } from "../../../frontend_gradio/viewer/drawing/comparisons.js";
import { codesOf, countKeptFrom } from "../../../frontend_gradio/viewer/pixels/unpack.js";

const TABLE = Float64Array.from([0.1, 0.4, 0.6, 0.9]);

test("the first code kept is the smallest whose confidence reaches the threshold", () => {
  assert.deepEqual([0, 0.1, 0.4, 0.41, 0.9, 0.91].map((theta) => firstKeptCode(TABLE, theta)), [0, 0, 1, 2, 3, 4]);
});

const label = {
  table: TABLE,
  prediction: new Uint8Array([0, 0, 1, 1, 0, 1, 0]),
  codes: new Uint16Array([0, 3, 2, 3, 3, 3, 3]),
  reason: new Uint8Array([1, 0, 1, 0, 2, 5, 0]),
};
const rule = ruleOf(TABLE, [0.5, 0.9]);

test("a rule settles candidates; void and inconsistent pixels stay what they are", () => {
  assert.deepEqual([...label.codes].map((_, i) => statusAt(label, rule, i)), [1, 0, 1, 0, 2, 5, 0]);
  const generous = ruleOf(TABLE, [0, 0]);
  assert.deepEqual([...label.codes].map((_, i) => statusAt(label, generous, i)), [0, 0, 0, 0, 2, 5, 0]);
  assert.deepEqual([...keptIds(label, rule)], [IGNORED, 0, IGNORED, 1, IGNORED, IGNORED, 0]);
});

test("a vetoed class is kept nowhere but where a person drew it", () => {
  const vetoed = ruleOf(TABLE, [0.5, 0.9], [0]);
  const drawn = new Uint8Array([255, 255, 254, 255, 1, 255, 0]);
  const over = { ...label, drawn };
  const statuses = [...label.codes].map((_, i) => statusAt(over, vetoed, i));
  assert.deepEqual(statuses, [BELOW, VETOED, VETOED, KEPT, CORRECTED, 5, CORRECTED]);
  assert.deepEqual([...keptIds(over, vetoed)], [255, 255, 255, 1, 1, 255, 0]);
});

test("kept pixels of any threshold are read from the counts", () => {
  const counted = { ...label, keptFrom: countKeptFrom(label.prediction, label.codes, label.reason, 2, 4) };
  for (const thetas of [[0, 0], [0.5, 0.9], [0.95, 0.4], [1.1, 1.1]]) {
    const tried = ruleOf(TABLE, thetas);
    const kept = keptIds(counted, tried);
    for (const id of [0, 1]) {
      assert.equal(keptPixels(counted, tried, id), kept.filter((value) => value === id).length);
    }
  }
});

test("codes are sums of differences that wrap at 65536", () => {
  const planes = new Uint8Array([5, 254, 0, 1, 0, 255, 2, 0]); // low bytes, then high bytes
  assert.deepEqual([...codesOf(planes, 2, 2)], [5, (5 + 254 + 255 * 256) & 0xffff, 512, 513]);
});

test("a difference tells same, flipped, gained and lost apart", () => {
  const left = new Uint8Array([1, 1, 255, 1, 255]);
  const right = new Uint8Array([1, 2, 2, 255, 255]);
  assert.deepEqual([...difference(left, right)], [1, 2, 3, 4, 0]);
});

test("a change is the thresholds' where the new model under the old thresholds changes nothing", () => {
  const before = { table: TABLE, prediction: new Uint8Array([0, 0, 0, 0]), codes: new Uint16Array([1, 1, 3, 1]),
    reason: new Uint8Array(4) };
  const after = { ...before, prediction: new Uint8Array([0, 0, 1, 0]), codes: new Uint16Array([1, 3, 3, 2]) };
  const strict = ruleOf(TABLE, [0.6, 0.6]), loose = ruleOf(TABLE, [0.4, 0.4]);
  // Pixel 0: only looser; 1: only surer; 2: another class; 3: surer, and looser as well.
  assert.deepEqual([...causes(before, after, strict, loose)], [2, 1, 1, 1]);
  const stricter = ruleOf(TABLE, [0.9, 0.9]);
  assert.deepEqual([...causes(after, before, stricter, loose)], [2, 0, 1, 2]);
  const flipped = { ...before, prediction: new Uint8Array([1, 0, 0, 0]) };
  assert.deepEqual([...causes(before, flipped, ruleOf(TABLE, [0.4, 0.9]), loose)].slice(0, 1), [3]);
});

test("errors tell kept from ignored, and leave void alone", () => {
  const kept = new Uint8Array([1, 1, 255, 255, 1]), prediction = new Uint8Array([1, 1, 1, 1, 1]);
  assert.deepEqual([...errors(kept, prediction, new Uint8Array([1, 2, 1, 2, 255]))], [1, 2, 3, 4, 0]);
});
