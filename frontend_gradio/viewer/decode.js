// Arithmetic on label arrays. Pure: no DOM, no network; also run by node --test.

export const IGNORED = 255;
export const REASONS = ["kept", "below threshold", "void", "vetoed", "corrected", "inconsistent"];
const KEPT = 0;
const CORRECTED = 4;

// log12: 4096 codes, uniform in -log2(1 - p) over 0..16; a code stands for the middle of its bin.
export function decodeLog12(code) {
  return 1 - 2 ** (-(code + 0.5) * 16 / 4096);
}

// float16: the code is the bit pattern of a half-precision number.
export function decodeFloat16(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// code -> p for every code of a codebook.
export function confidenceTable(levels) {
  if (levels === "log12") return Float64Array.from({ length: 4096 }, (_, code) => decodeLog12(code));
  if (levels === "float16") return Float64Array.from({ length: 65536 }, (_, code) => decodeFloat16(code));
  throw new Error(`codebook "${levels}" is unknown; this viewer reads log12 and float16`);
}

// Bytes of a little-endian uint16 array, whatever the machine's own order.
export function uint16Array(buffer) {
  const view = new DataView(buffer);
  return Uint16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}

// The stored label: the class where the reason says kept (or corrected), 255 elsewhere.
export function keptIds(prediction, reason) {
  const kept = new Uint8Array(prediction.length);
  for (let i = 0; i < kept.length; i++) {
    kept[i] = reason[i] === KEPT || reason[i] === CORRECTED ? prediction[i] : IGNORED;
  }
  return kept;
}

export const SAME = 1, FLIPPED = 2, GAINED = 3, LOST = 4;
export const DIFFERENCES = ["ignored in both", "same class kept", "flipped", "gained", "lost"];

// Two kept maps -> 0 ignored in both, SAME, FLIPPED, GAINED (ignored left), LOST (ignored right).
export function difference(left, right) {
  const result = new Uint8Array(left.length);
  for (let i = 0; i < result.length; i++) {
    const a = left[i], b = right[i];
    if (a === b) result[i] = a === IGNORED ? 0 : SAME;
    else result[i] = a === IGNORED ? GAINED : b === IGNORED ? LOST : FLIPPED;
  }
  return result;
}

// True where a pixel's value differs from its right or lower neighbour: the inner side of a contour.
export function contour(ids, width, height) {
  const edge = new Uint8Array(ids.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = x + 1 < width && ids[i] !== ids[i + 1];
      const below = y + 1 < height && ids[i] !== ids[i + width];
      if (right || below) edge[i] = 1;
    }
  }
  return edge;
}

// Summed weight of the terms that act on a region ("kept" or "ignored"); term "all" or one term.
export function regionWeight(weights, region, term) {
  return weights
    .filter((weight) => weight.region === region && (term === "all" || weight.term === term))
    .reduce((sum, weight) => sum + weight.weight, 0);
}

// 1.2e-5 -> "12.0 ·10⁻⁶": weights are compared with each other, so one power of ten serves all.
export function weightText(weight) {
  return weight === 0 ? "0" : `${(weight * 1e6).toPrecision(3)}·10⁻⁶`;
}

// Why a pixel is kept or not, in words.
export function explain(reason, p, theta) {
  if (reason === KEPT) return `kept: p ${p.toFixed(4)} ≥ θ ${theta.toFixed(4)}`;
  if (reason === 1) return `ignored: p ${p.toFixed(4)} < θ ${theta.toFixed(4)}`;
  return {
    2: "ignored: void in the data set",
    3: "ignored: vetoed in review",
    4: "kept: corrected",
    5: "ignored: too few neighbours of its class",
  }[reason] ?? `reason ${reason} is unknown`;
}
