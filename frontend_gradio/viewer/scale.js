// What the colours of a layer mean, under the panes; class colours are in the legend already.
import { element } from "./dom.js";
import {
  HEAT_BITS, REASON_COLOURS, REGION_COLOURS, heatColour,
} from "./drawing/colour.js";
import {
  CAUSES, CAUSE_COLOURS, DIFFERENCES, DIFFERENCE_COLOURS, DISAGREEMENTS, DISAGREEMENT_COLOURS, ERRORS, ERROR_COLOURS,
} from "./drawing/comparisons.js";
import { REASONS, regionWeight, weightText } from "./reasons.js";

const LISTS = {
  reason: [REASONS, REASON_COLOURS],
  difference: [DIFFERENCES, DIFFERENCE_COLOURS],
  cause: [CAUSES, CAUSE_COLOURS],
  disagreement: [DISAGREEMENTS, DISAGREEMENT_COLOURS],
  error: [ERRORS, ERROR_COLOURS],
};

function key(colour, words) {
  return element("span", { class: "vw-key" },
    element("i", { class: "st-swatch", style: `background:rgb(${colour})` }), words);
}

function heat() {
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${heatColour((i / 8) * HEAT_BITS)})`);
  const ticks = [0.5, 0.9, 0.99, 0.999].map((p) => element(
    "b", { style: `left:${(100 * -Math.log2(1 - p)) / HEAT_BITS}%` }, String(p)));
  return ["p", element("span", { class: "vw-heat", style: `background:linear-gradient(90deg,${stops})` }, ...ticks)];
}

export function drawScale(scale, layer, label, term) {
  if (layer in LISTS) {
    const [words, colours] = LISTS[layer];
    scale.replaceChildren(...words.flatMap((word, i) => (colours[i] ? [key(colours[i], word)] : [])));
  } else if (layer === "confidence") scale.replaceChildren(...heat());
  else if (layer === "region-weight") {
    scale.replaceChildren(...["kept", "ignored"].map((region) => key(
      REGION_COLOURS[region], `${region} ${weightText(regionWeight(label.region_weights, region, term))}`)));
  } else scale.replaceChildren();
}
