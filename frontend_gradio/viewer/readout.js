// What is under the cursor: class, p, θ, kept or why not, weights.
import { IGNORED, keptAt, statusAt } from "./drawing/kept.js";
import { explain, regionWeight, weightText } from "./reasons.js";
import { element } from "./dom.js";

export function named(space, id) {
  if (id === IGNORED) return "none";
  return space.classes[id] ?? `class ${id}`;
}

// `others`: further facts of the pixel, [words, class id].
export function readoutText(label, space, colours, rule, place, others = []) {
  const id = label.prediction[place];
  const status = statusAt(label, rule, place);
  const kept = keptAt(label, rule, place);
  const region = kept === IGNORED ? "ignored" : "kept";
  const terms = label.region_weights.filter((weight) => weight.region === region);
  const weights = terms.map((weight) => `${weight.term} ${weightText(weight.weight)}`).join(", ");
  const why = explain(status, label.table[label.codes[place]], label.table[rule.first[id]]);
  return [
    element("b", { class: "mono" }, `${place % label.width}, ${Math.floor(place / label.width)}`),
    element("span", {},
      element("i", { class: "st-swatch", style: `background:rgb(${colours[id] ?? [0, 0, 0]})` }),
      element("b", {}, named(space, id))),
    element("span", { class: kept === IGNORED ? "st-down" : "st-up" },
      kept !== IGNORED && kept !== id ? `${why} to ${named(space, kept)}` : why),
    element("span", { title: `sum ${weightText(regionWeight(label.region_weights, region, "all"))}` },
      weights ? `weight ${weights}` : ""),
    ...others.map(([words, other]) => element("span", {}, `${words} ${named(space, other)}`)),
  ];
}
