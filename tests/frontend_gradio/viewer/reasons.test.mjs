import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, regionWeight, weightText } from "../../../frontend_gradio/viewer/reasons.js";

test("region weights add up over the terms of a region", () => {
  const weights = [
    { term: "seg", region: "kept", weight: 4 }, { term: "kld", region: "kept", weight: 0.5 },
    { term: "entropy", region: "ignored", weight: 3 },
  ];
  assert.equal(regionWeight(weights, "kept", "all"), 4.5);
  assert.equal(regionWeight(weights, "kept", "kld"), 0.5);
  assert.equal(regionWeight(weights, "ignored", "kld"), 0);
  assert.equal(weightText(0.000012), "12.0·10⁻⁶");
});

test("the reason is told with the numbers it follows from", () => {
  assert.equal(explain(0, 0.95, 0.9), "kept: p 0.9500 ≥ θ 0.9000");
  assert.equal(explain(1, 0.5, 0.9), "ignored: p 0.5000 < θ 0.9000");
  assert.equal(explain(1, 0.99, undefined), "ignored: p 0.9900 < θ > all");
  assert.equal(explain(3, 0.95, 0.9), "ignored: vetoed in review");
  assert.equal(explain(5, 0.95, 0.9), "ignored: too few neighbours of its class");
});
