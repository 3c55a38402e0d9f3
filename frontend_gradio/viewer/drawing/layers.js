// What each layer paints, as little tables that both painters read. Pure: no DOM; also run under node.
//
// A layer is { kind, colours, hatched }, colours: 256 pixels (colour.js):
//   "ids":    colours[ids[i]] of its own map `ids`
//   "kept":   colours[class the pixel is kept as] under the rule in force, 255: ignored
//   "status": colours[reason of the pixel] under the rule in force
//   "codes":  heat[code of the pixel], where colours[predicted class] is not transparent
// hatched: what has the id 255 is drawn as fine diagonal lines.
import { regionWeight } from "../reasons.js";
import { DIM, HATCH, REASON_COLOURS, REGION_COLOURS, heatColour, rgba } from "./colour.js";
import {
  CAUSE_COLOURS, DIFFERENCE_COLOURS, DISAGREEMENT_COLOURS, ERROR_COLOURS,
} from "./comparisons.js";
import { CORRECTED, KEPT } from "./kept.js";

const MAPS = {
  difference: DIFFERENCE_COLOURS, cause: CAUSE_COLOURS, disagreement: DISAGREEMENT_COLOURS, error: ERROR_COLOURS,
};

function classColours(colours, look) {
  const pixels = new Uint32Array(256);
  colours.forEach((colour, id) => { if (look(id)) pixels[id] = rgba(...colour, look(id)); });
  return pixels;
}

function withHatch(pixels) {
  pixels[255] = HATCH;
  return pixels;
}

// What is not pasted steps back.
function withDim(pixels) {
  pixels[255] = DIM;
  return pixels;
}

function listed(colours) {
  const pixels = new Uint32Array(256);
  colours.forEach((colour, id) => { if (colour) pixels[id] = rgba(...colour); });
  return pixels;
}

const heats = new WeakMap(); // table of a codebook -> its colours
function heatOf(table) {
  if (!heats.has(table)) {
    heats.set(table, Uint32Array.from(table, (p) => rgba(...heatColour(-Math.log2(Math.max(1e-9, 1 - p))))));
  }
  return heats.get(table);
}

function hardColours(label, colours, look) {
  const pixels = new Uint32Array(256).fill(DIM);
  for (const id of label.hard_classes) pixels[id] = rgba(...colours[id], look(id));
  return pixels;
}

// By the square root of the weight: of two regions one often weighs a hundred times the other.
function regionColours(label, term) {
  const kept = regionWeight(label.region_weights, "kept", term);
  const ignored = regionWeight(label.region_weights, "ignored", term);
  const most = Math.max(kept, ignored);
  const colour = (region, weight) => (weight === 0 ? DIM : rgba(
    ...REGION_COLOURS[region], Math.round(70 + 185 * Math.min(1, Math.sqrt(weight / most)))));
  const pixels = new Uint32Array(256).fill(colour("ignored", ignored));
  pixels[KEPT] = pixels[CORRECTED] = colour("kept", kept);
  return pixels;
}

// `colours`: one per class; look(id): 0 hidden … 255 shown; `term` of region-weight; `maps`: maps by layer name.
// Null: the bare photo.
export function layerOf(name, label, { colours, look, term = "all", maps = {} }) {
  const classes = () => classColours(colours, look);
  if (name === "image") return null;
  if (name === "prediction") return { kind: "ids", ids: label.prediction, colours: classes() };
  if (name === "ground-truth") return { kind: "ids", ids: maps.truth, colours: withHatch(classes()), hatched: true };
  if (name === "pasted") return { kind: "ids", ids: maps.pasted, colours: withDim(classes()) };
  if (name === "confidence") return { kind: "codes", colours: classes(), heat: heatOf(label.table) };
  if (name === "reason") return { kind: "status", colours: listed(REASON_COLOURS) };
  if (name === "region-weight") return { kind: "status", colours: regionColours(label, term) };
  if (name === "hard-class") return { kind: "kept", colours: hardColours(label, colours, look) };
  if (name in MAPS) return { kind: "ids", ids: maps[name], colours: listed(MAPS[name]) };
  return { kind: "kept", colours: withHatch(classes()), hatched: true };
}
