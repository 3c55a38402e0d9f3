// What is under the cursor: class, p, θ, kept or why not, weights.
import { IGNORED, explain, regionWeight, weightText } from "./decode.js";
import { element } from "./dom.js";

function named(space, id) {
  if (id === IGNORED) return "none";
  return space.classes[id] ?? `class ${id}`;
}

export function readoutText(label, space, place) {
  const id = label.prediction[place];
  const p = label.table[label.codes[place]];
  const kept = label.kept[place] !== IGNORED;
  const terms = label.region_weights.filter((weight) => weight.region === (kept ? "kept" : "ignored"));
  const weights = terms.map((weight) => `${weight.term} ${weightText(weight.weight)}`).join(", ");
  const total = regionWeight(label.region_weights, kept ? "kept" : "ignored", "all");
  const parts = [
    element("b", { class: "mono" }, `${place % label.width}, ${Math.floor(place / label.width)}`),
    element("span", {},
      element("i", { class: "st-swatch", style: `background:rgb(${space.colours[id] ?? [0, 0, 0]})` }),
      element("b", {}, named(space, id))),
    element("span", { class: kept ? "st-up" : "st-down" }, explain(label.reason[place], p, label.thresholds[id])),
    element("span", { title: `sum ${weightText(total)}` }, weights ? `weight ${weights}` : ""),
  ];
  if (label.truth) parts.push(element("span", {}, `truth ${named(space, label.truth[place])}`));
  return parts;
}
