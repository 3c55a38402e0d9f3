// A label as people decided it: without vetoed classes, with what is drawn over it.
import { getJson } from "./api.js";
import { storedCorrection } from "./correction/stored.js";
import { ruleOf } from "./drawing/kept.js";

// Has anybody drawn over the label, or vetoed a class in it or in its round?
export async function isDecided(label) {
  if (label.correction || label.vetoed_classes.length) return true;
  return (await getJson(`/rounds/${label.round_id}`)).vetoed_classes.length > 0;
}

// The rule in force for a label from openLabel; gives it what was drawn.
export async function decidedRule(label) {
  const [drawn, round] = await Promise.all([
    label.correction ? storedCorrection(label) : null, getJson(`/rounds/${label.round_id}`)]);
  label.drawn = drawn;
  return ruleOf(label.table, label.thresholds, [...label.vetoed_classes, ...round.vetoed_classes]);
}
