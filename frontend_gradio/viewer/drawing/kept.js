// Which pixels are kept, under any thresholds: the generator's rule (hiast/selection/stage.py), in the browser.
// Pure: no DOM, no network; also run under node.

export const IGNORED = 255;
export const KEPT = 0, BELOW = 1, VETOED = 3, CORRECTED = 4;
export const UNTOUCHED = 255, TO_IGNORE = 254;
const CLASSES = 256;

// Smallest code whose confidence reaches θ; K where none does. `table`: the codebook's K rising confidences.
export function firstKeptCode(table, theta) {
  let low = 0, high = table.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle] < theta) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The rule a label is shown by: `first[class]`: the first code kept; `vetoed[class]`: 1 where a person said no.
export function ruleOf(table, thresholds, vetoedClasses = []) {
  const first = new Uint32Array(CLASSES).fill(table.length);
  thresholds.forEach((theta, id) => { first[id] = firstKeptCode(table, theta); });
  const vetoed = new Uint8Array(CLASSES);
  for (const id of vetoedClasses) vetoed[id] = 1;
  return { first, vetoed };
}

// The reason of pixel i under a rule. `label.drawn`: what a person drew over it, if anything.
export function statusAt(label, rule, i) {
  const drawn = label.drawn ? label.drawn[i] : UNTOUCHED;
  if (drawn !== UNTOUCHED) return drawn === TO_IGNORE ? VETOED : CORRECTED;
  const reason = label.reason[i];
  if (reason > BELOW) return reason;
  const id = label.prediction[i];
  if (label.codes[i] < rule.first[id]) return BELOW;
  return rule.vetoed[id] ? VETOED : KEPT;
}

// The class pixel i is kept as, 255 where it is not.
export function keptAt(label, rule, i) {
  const status = statusAt(label, rule, i);
  if (status === KEPT) return label.prediction[i];
  if (status !== CORRECTED) return IGNORED;
  return label.drawn && label.drawn[i] < TO_IGNORE ? label.drawn[i] : label.prediction[i];
}

export function keptIds(label, rule) {
  const kept = new Uint8Array(label.prediction.length);
  for (let i = 0; i < kept.length; i++) kept[i] = keptAt(label, rule, i);
  return kept;
}

// Pixels of a class that thresholds alone would keep, out of `keptFrom` (pixels/unpack.js).
export function keptPixels(label, rule, id) {
  const K = label.table.length;
  return rule.vetoed[id] ? 0 : label.keptFrom[id * (K + 1) + Math.min(rule.first[id], K)];
}
