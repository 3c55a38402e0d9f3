// How two kept maps differ, in numbers: for the image and for each class, split by cause.
import { element, percent } from "./dom.js";
import {
  BY_MODEL, BY_THRESHOLD, DIFFERENCES, DIFFERENCE_COLOURS, FLIPPED, GAINED, LOST, SAME,
} from "./drawing/comparisons.js";
import { IGNORED } from "./drawing/kept.js";

const SHOWN = [SAME, FLIPPED, GAINED, LOST];
const IDS = { [SAME]: "same_kept", [FLIPPED]: "flipped", [GAINED]: "gained", [LOST]: "lost" };

// Counts by difference, and per class: kept left, right, in both, and changed pixels by cause. Pure.
export function countChanges(left, right, differences, causes, classes) {
  const rows = Array.from({ length: classes }, () => ({ left: 0, right: 0, both: 0, model: 0, threshold: 0, together: 0 }));
  const totals = [0, 0, 0, 0, 0];
  for (let i = 0; i < left.length; i++) {
    totals[differences[i]]++;
    const a = left[i], b = right[i];
    if (a !== IGNORED) rows[a].left++;
    if (b !== IGNORED) rows[b].right++;
    if (a === b) { if (a !== IGNORED) rows[a].both++; continue; }
    if (!causes) continue;
    // A change belongs to the class it leads to, or to the one that was lost.
    const row = rows[b === IGNORED ? a : b];
    row[causes[i] === BY_MODEL ? "model" : causes[i] === BY_THRESHOLD ? "threshold" : "together"]++;
  }
  return { totals, rows };
}

export function summary(name, { totals, rows }, hasCauses) {
  const pixels = totals.reduce((sum, count) => sum + count, 0);
  const bar = SHOWN.map((kind) => element("i", {
    style: `width:${(100 * totals[kind]) / pixels}%;background:rgb(${DIFFERENCE_COLOURS[kind]})` }));
  const lines = SHOWN.map((kind) => element("li", { id: `compare-${IDS[kind]}` },
    element("i", { class: "st-swatch", style: `background:rgb(${DIFFERENCE_COLOURS[kind]})` }), DIFFERENCES[kind],
    element("b", {}, percent(totals[kind] / pixels))));
  const sum = (what) => rows.reduce((total, row) => total + row[what], 0);
  const because = hasCauses ? element("p", { class: "st-facts", id: "compare-causes" },
    element("span", {}, `model ${percent(sum("model") / pixels)}`),
    element("span", {}, `thresholds ${percent(sum("threshold") / pixels)}`),
    element("span", {}, `both ${percent(sum("together") / pixels)}`)) : null;
  return [element("h1", { title: name }, name), element("div", { class: "vw-stack" }, ...bar),
    element("ul", { class: "vw-changes" }, ...lines), because].filter(Boolean);
}

export function classTable(space, colours, sides, { rows }, hasCauses) {
  const number = (value) => value.toLocaleString("en");
  const heads = ["Class", "left", "right", "both", "Δ", ...(hasCauses ? ["model", "θ", "both"] : [])];
  const line = (row, id) => {
    const change = row.right - row.left;
    const cause = hasCauses ? [row.model, row.threshold, row.together] : [];
    return element("tr", { id: `compare-class-${id}` },
      element("td", {}, element("i", { class: "st-swatch", style: `background:rgb(${colours[id]})` }), space.classes[id]),
      ...[row.left, row.right, row.both].map((count) => element("td", { class: "num" }, number(count))),
      element("td", { class: `num ${change < 0 ? "st-down" : "st-up"}` }, `${change > 0 ? "+" : ""}${number(change)}`),
      ...cause.map((count) => element("td", { class: "num" }, number(count))));
  };
  const titles = [null, `kept: ${sides.left}`, `kept: ${sides.right}`, "kept as this class in both", null,
    "changed by the model", "changed by the thresholds", "changed by both together"];
  return element("table", { class: "st-table dense", id: "compare-table" },
    element("thead", {}, element("tr", {}, ...heads.map((head, i) => element(
      "th", { class: i ? "num" : "", scope: "col", title: titles[i] }, head)))),
    element("tbody", {}, ...rows.flatMap((row, id) => (row.left || row.right ? [line(row, id)] : []))));
}
