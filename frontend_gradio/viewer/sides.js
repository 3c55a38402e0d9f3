// What Compare sets side by side: a round's label, the label as a person corrected it, or the ground truth.
// In the address: "12", "12+corrected", "truth".
import { groundTruth, openLabel } from "./api.js";
import { IGNORED, keptIds, ruleOf } from "./drawing/kept.js";
import { decidedRule } from "./decided.js";

export const TRUTH = "truth";
const CORRECTED = "+corrected";
const VOID = 2;

export function idOf(side) { return Number(String(side).replace(CORRECTED, "")); }

// Everything the label's image can be compared as: [side, words].
export function choices(label) {
  const rounds = label.same_image.map((other) => [String(other.id), `round ${other.round_number}`]);
  const corrected = label.same_image.filter((other) => other.id === label.id && label.correction)
    .map((other) => [`${other.id}${CORRECTED}`, `round ${other.round_number}, corrected`]);
  return [...rounds, ...corrected, ...(label.has_ground_truth ? [[TRUTH, "ground truth"]] : [])];
}

// The ground truth as a label that keeps all it knows.
async function truthSide(of) {
  const truth = await groundTruth(of);
  const reason = Uint8Array.from(truth, (id) => (id === IGNORED ? VOID : 0));
  const label = { ...of, prediction: truth, reason, codes: new Uint16Array(truth.length), drawn: null };
  const rule = { first: new Uint32Array(256), vetoed: new Uint8Array(256) };
  return { side: TRUTH, name: "ground truth", label, rule, kept: truth };
}

// -> { side, name, label, rule, kept }; `of`: a label of the image, for the ground truth.
export async function openSide(side, of) {
  if (side === TRUTH) return truthSide(of);
  const label = await openLabel(idOf(side));
  const corrected = String(side).endsWith(CORRECTED);
  const rule = corrected ? await decidedRule(label) : ruleOf(label.table, label.thresholds);
  const name = `round ${label.round_number}${corrected ? ", corrected" : ""}`;
  return { side: String(side), name, label, rule, kept: keptIds(label, rule) };
}
