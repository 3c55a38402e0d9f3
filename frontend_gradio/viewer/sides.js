// What Compare sets side by side: a round's label, the label as people decided it or as it is in another
// revision, what a checkpoint of the run says, or the ground truth. In the address: "12", "12+corrected",
// "12@1", "student-1", "truth".
import { groundTruth, openLabel } from "./api.js";
import { checkpointsOf, predicted, wordsOf } from "./checkpoints.js";
import { IGNORED, keptIds, ruleOf } from "./drawing/kept.js";
import { decidedRule, isDecided } from "./decided.js";
import { nameOf, revisionsOf } from "./revisions.js";

export const TRUTH = "truth";
const CORRECTED = "+corrected";
const VOID = 2;

export function isCheckpoint(side) { return /^(warm-up|(teacher|student)-\d+)$/.test(side); }

// Ground truth and checkpoints have no thresholds of their own: nothing can be attributed to one.
export function hasThresholds(side) { return side !== TRUTH && !isCheckpoint(side); }

export function idOf(side) { return Number(String(side).replace(CORRECTED, "").split("@")[0]); }

// The same side of another label.
export function sideOf(id, like) { return String(like).replace(/^\d+/, id); }

function revisionIn(side) {
  const [, revision] = String(side).split("@");
  return revision === undefined ? null : Number(revision);
}

// Of each label what it is in the revisions that are not the present one.
async function inRevisions(sameImage) {
  const found = await Promise.all(sameImage.map(async ({ id, round_id: round, round_number: number }) => {
    const others = (await revisionsOf(round)).filter((revision) => revision.label_set && !revision.current);
    return others.map((revision) => [`${id}@${revision.number}`, `round ${number}, ${nameOf(revision.number)}`]);
  }));
  return found.flat();
}

// Everything the image of these labels can be compared as: [side, words].
export async function choices(...labels) {
  const [of] = labels;
  const rounds = of.same_image.map((other) => [String(other.id), `round ${other.round_number}`]);
  const decided = await Promise.all(labels.map(isDecided));
  const corrected = labels.filter((_, place) => decided[place])
    .map((label) => [`${label.id}${CORRECTED}`, `round ${label.round_number}, as decided`]);
  const checkpoints = (await checkpointsOf(of.run_id)).map(({ name, prediction }) => [
    name, prediction ? wordsOf(name) : `${wordsOf(name)} (to be asked)`]);
  const revised = await inRevisions(of.same_image);
  const all = [...rounds, ...revised, ...corrected, ...checkpoints, ...(of.has_ground_truth ? [[TRUTH, "ground truth"]] : [])];
  return [...new Map(all)];
}

// The rule of what has no thresholds.
function keepAll() { return { first: new Uint32Array(256), vetoed: new Uint8Array(256) }; }

// The ground truth as a label that keeps all it knows.
async function truthSide(of) {
  const truth = await groundTruth(of);
  const reason = Uint8Array.from(truth, (id) => (id === IGNORED ? VOID : 0));
  const label = { ...of, prediction: truth, reason, codes: new Uint16Array(truth.length), drawn: null };
  return { side: TRUTH, name: "ground truth", label, rule: keepAll(), kept: truth };
}

async function checkpointSide(side, of, { tell, wanted }) {
  const arrays = await predicted(of, side, tell, wanted);
  if (!arrays) return null;
  const label = { ...of, ...arrays, drawn: null };
  return { side, name: wordsOf(side), label, rule: keepAll(), kept: label.prediction };
}

// A checkpoint beside a label keeps what it would under the label's thresholds: otherwise all that the label
// ignores would seem gained.
export function underSameRule(side, other) {
  if (!isCheckpoint(side.side) || !hasThresholds(other.side)) return side;
  return { ...side, rule: other.rule, kept: keptIds(side.label, other.rule) };
}

// -> { side, name, label, rule, kept }; `of`: a label of the image, for what is no label; `waiting`: as in
// checkpoints.js. null: nobody waits for it any more.
export async function openSide(side, of, waiting) {
  if (side === TRUTH) return truthSide(of);
  if (isCheckpoint(side)) return checkpointSide(side, of, waiting);
  const revision = revisionIn(side);
  const label = await openLabel(idOf(side), revision);
  const corrected = String(side).endsWith(CORRECTED);
  const rule = corrected ? await decidedRule(label) : ruleOf(label.table, label.thresholds);
  const which = corrected ? ", as decided" : revision === null ? "" : `, ${nameOf(revision)}`;
  const name = `round ${label.round_number}${which}`;
  return { side: String(side), name, label, rule, kept: keptIds(label, rule) };
}
