// Label arrays -> RGBA pixels. Pure: no DOM, no network; also run by node --test.
import { IGNORED, contour, regionWeight } from "./decode.js";

// Bytes in memory are R, G, B, A on every machine that runs a browser (little-endian).
export function rgba(red, green, blue, alpha = 255) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// Okabe and Ito's colours: apart for colour-blind eyes.
export const REASON_COLOURS = [
  [0, 158, 115], [230, 159, 0], [120, 128, 136], [213, 94, 0], [204, 121, 167], [86, 180, 233],
];
export const DIFFERENCE_COLOURS = [null, [86, 128, 158], [204, 60, 140], [0, 158, 115], [230, 159, 0]];
export const REGION_COLOURS = { kept: [64, 140, 220], ignored: [230, 140, 30] };
// Dark violet -> yellow, even in lightness, so that it reads in grey as well.
const HEAT = [[48, 18, 84], [59, 70, 140], [38, 118, 142], [36, 160, 130], [120, 200, 78], [246, 228, 62]];
// The heat map spans p 0 .. 1 - 2^-12 evenly in -log2(1 - p): confidences pile up near 1.
export const HEAT_BITS = 12;

export function heatColour(bits) {
  const place = Math.min(1, Math.max(0, bits / HEAT_BITS)) * (HEAT.length - 1);
  const low = Math.min(HEAT.length - 2, Math.floor(place));
  return HEAT[low].map((channel, i) => Math.round(channel + (HEAT[low + 1][i] - channel) * (place - low)));
}

// Fine diagonal lines say "ignored" without hiding the photo.
const HATCH = rgba(235, 238, 242, 120);
const DIM = rgba(16, 18, 22, 190);

function isHatched(i, width) {
  return (((i % width) + Math.floor(i / width)) & 7) === 0;
}

function paintIds(ids, width, colours, visible, hatch) {
  const lookup = new Uint32Array(256);
  colours.forEach((colour, id) => { if (colour && visible(id)) lookup[id] = rgba(...colour); });
  const pixels = new Uint32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    pixels[i] = lookup[ids[i]];
    if (hatch && ids[i] === IGNORED && isHatched(i, width)) pixels[i] = HATCH;
  }
  return pixels;
}

function paintConfidence(label, visible) {
  const lookup = Uint32Array.from(label.table, (p) => rgba(...heatColour(-Math.log2(Math.max(1e-9, 1 - p)))));
  const shown = Uint8Array.from({ length: 256 }, (_, id) => (visible(id) ? 1 : 0));
  const pixels = new Uint32Array(label.codes.length);
  for (let i = 0; i < pixels.length; i++) if (shown[label.prediction[i]]) pixels[i] = lookup[label.codes[i]];
  return pixels;
}

function paintHard(label, colours, visible) {
  const hard = new Set(label.hard_classes);
  const pixels = paintIds(label.kept, label.width, colours, (id) => hard.has(id) && visible(id), false);
  for (let i = 0; i < pixels.length; i++) if (!pixels[i]) pixels[i] = DIM;
  return pixels;
}

function paintRegions(label, term) {
  const kept = regionWeight(label.region_weights, "kept", term);
  const ignored = regionWeight(label.region_weights, "ignored", term);
  const most = Math.max(kept, ignored);
  const colour = (region, weight) => (weight === 0 ? DIM : rgba(
    ...REGION_COLOURS[region], Math.round(70 + 185 * Math.min(1, Math.sqrt(weight / most)))));
  const on = colour("kept", kept), off = colour("ignored", ignored);
  const pixels = new Uint32Array(label.kept.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = label.kept[i] === IGNORED ? off : on;
  return pixels;
}

// The ids whose borders are a layer's contours.
export function idsOf(layer, label) {
  if (layer === "ground-truth") return label.truth;
  if (layer === "prediction" || layer === "confidence") return label.prediction;
  if (layer === "reason") return label.reason;
  if (layer === "difference") return label.difference;
  return label.kept;
}

// RGBA pixels of a layer. `options`: colours (one per class), visible(id), contours, term.
export function paint(layer, label, options) {
  const { colours, visible, term } = options;
  let pixels;
  if (layer === "confidence") pixels = paintConfidence(label, visible);
  else if (layer === "reason") pixels = paintIds(label.reason, label.width, REASON_COLOURS, () => true, false);
  else if (layer === "difference") {
    pixels = paintIds(label.difference, label.width, DIFFERENCE_COLOURS, () => true, false);
  } else if (layer === "hard-class") pixels = paintHard(label, colours, visible);
  else if (layer === "region-weight") pixels = paintRegions(label, term);
  else pixels = paintIds(idsOf(layer, label), label.width, colours, visible, true);
  if (options.contours) {
    const edge = contour(idsOf(layer, label), label.width, label.height);
    for (let i = 0; i < pixels.length; i++) if (!edge[i]) pixels[i] = 0;
  }
  return pixels;
}
