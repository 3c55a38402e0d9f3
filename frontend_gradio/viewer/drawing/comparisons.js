// Two maps of one image, pixel by pixel -> a map of what differs. Pure: also run under node.
import { IGNORED, keptAt } from "./kept.js";

export const SAME = 1, FLIPPED = 2, GAINED = 3, LOST = 4;
export const DIFFERENCES = ["ignored in both", "same class kept", "flipped", "gained", "lost"];
export const DIFFERENCE_COLOURS = [null, [86, 128, 158], [204, 60, 140], [0, 158, 115], [230, 159, 0]];

// Two kept maps -> 0 ignored in both, SAME, FLIPPED, GAINED (ignored left), LOST (ignored right).
export function difference(left, right) {
  const result = new Uint8Array(left.length);
  for (let i = 0; i < result.length; i++) {
    const a = left[i], b = right[i];
    if (a === b) result[i] = a === IGNORED ? 0 : SAME;
    else result[i] = a === IGNORED ? GAINED : b === IGNORED ? LOST : FLIPPED;
  }
  return result;
}

export const BY_MODEL = 1, BY_THRESHOLD = 2, BY_BOTH = 3;
export const CAUSES = ["unchanged", "model changed it", "threshold changed it", "both together"];
export const CAUSE_COLOURS = [null, [213, 94, 0], [0, 114, 178], [240, 228, 66]];

// Why a kept pixel differs from left to right: the right model under the left thresholds tells. If that gives
// what is left already, the thresholds did it; if it gives what is right, the model did; else it took both.
export function causes(left, right, leftRule, rightRule) {
  const result = new Uint8Array(left.prediction.length);
  for (let i = 0; i < result.length; i++) {
    const before = keptAt(left, leftRule, i), after = keptAt(right, rightRule, i);
    if (before === after) continue;
    const mixed = keptAt(right, leftRule, i);
    result[i] = mixed === before ? BY_THRESHOLD : mixed === after ? BY_MODEL : BY_BOTH;
  }
  return result;
}

export const DISAGREEMENTS = ["same class predicted", "another class predicted"];
export const DISAGREEMENT_COLOURS = [null, [204, 60, 140]];

export function disagreement(prediction, other) {
  const result = new Uint8Array(prediction.length);
  for (let i = 0; i < result.length; i++) result[i] = prediction[i] === other[i] ? 0 : 1;
  return result;
}

export const ERRORS = ["void in the ground truth", "kept and right", "kept but wrong", "ignored though right",
  "ignored and wrong"];
export const ERROR_COLOURS = [null, [0, 114, 178], [213, 40, 60], [150, 190, 220], [240, 200, 120]];

// Against ground truth: 0 void, 1 kept and right, 2 kept but wrong, 3 ignored though right, 4 ignored and wrong.
export function errors(kept, prediction, truth) {
  const result = new Uint8Array(kept.length);
  for (let i = 0; i < result.length; i++) {
    if (truth[i] === IGNORED) continue;
    if (kept[i] === IGNORED) result[i] = prediction[i] === truth[i] ? 3 : 4;
    else result[i] = kept[i] === truth[i] ? 1 : 2;
  }
  return result;
}
