// Colours as pixels in memory, and those that layers have in common.

// Bytes in memory are R, G, B, A on every machine that runs a browser (little-endian).
export function rgba(red, green, blue, alpha = 255) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// Okabe and Ito's colours: apart for colour-blind eyes.
export const REASON_COLOURS = [
  [0, 158, 115], [230, 159, 0], [120, 128, 136], [213, 94, 0], [204, 121, 167], [86, 180, 233],
];
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
export const HATCH = rgba(235, 238, 242, 120);
export const DIM = rgba(16, 18, 22, 190);
