// The answer of GET /labels/{id}/pixels -> arrays. Pure: runs in a worker and under node.
import { readIds } from "./png_reader.js";

const HEADER_BYTES = 28;
const MAGIC = 0x58505348; // "HSPX", little endian
const CANDIDATES_END = 1; // reasons 0 and 1: kept and below its threshold

// Row-wise differences, low bytes first -> codes.
export function codesOf(planes, width, height) {
  const pixels = width * height;
  const codes = new Uint16Array(pixels);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, code = 0; x < width; x++, i++) {
      code = (code + planes[i] + (planes[pixels + i] << 8)) & 0xffff;
      codes[i] = code;
    }
  }
  return codes;
}

// How many candidates of a class have at least a code: keptFrom[class * (K + 1) + code]. So the kept pixels
// of any threshold are read, not counted. K: codes of the codebook.
export function countKeptFrom(prediction, codes, reason, classes, K) {
  const keptFrom = new Uint32Array(classes * (K + 1));
  for (let i = 0; i < codes.length; i++) {
    if (reason[i] <= CANDIDATES_END) keptFrom[prediction[i] * (K + 1) + codes[i]]++;
  }
  for (let id = 0; id < classes; id++) {
    for (let at = id * (K + 1) + K - 1; at >= id * (K + 1); at--) keptFrom[at] += keptFrom[at + 1];
  }
  return keptFrom;
}

// ArrayBuffer -> { width, height, prediction, reason, codes, keptFrom }.
export async function unpack(buffer, classes, K) {
  const view = new DataView(buffer);
  if (view.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== 1) {
    throw new Error("the answer holds no pixels this viewer can read; reload the page");
  }
  const [height, width, ...lengths] = [8, 12, 16, 20, 24].map((at) => view.getUint32(at, true));
  const expected = HEADER_BYTES + lengths.reduce((sum, length) => sum + length, 0);
  if (view.byteLength !== expected) throw new Error(`${view.byteLength} bytes of pixels came, ${expected} were expected`);
  let at = HEADER_BYTES;
  const [png, reasons, planes] = lengths.map((length) => new Uint8Array(buffer, (at += length) - length, length));
  const [prediction, reason] = await Promise.all([readIds(png), readIds(reasons)]);
  for (const part of [prediction, reason]) {
    if (part.width !== width || part.height !== height) throw new Error("the label's files differ in size");
  }
  const codes = codesOf(planes, width, height);
  const keptFrom = countKeptFrom(prediction.ids, codes, reason.ids, classes, K);
  return { width, height, prediction: prediction.ids, reason: reason.ids, codes, keptFrom };
}
