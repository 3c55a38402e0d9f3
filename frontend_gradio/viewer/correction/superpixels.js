// Superpixels: small regions of one look, found by SLIC (Achanta and others, 2012, "SLIC superpixels compared to
// state-of-the-art superpixel methods"). Pure: runs in a worker and under node.

const ROUNDS = 5;
const COMPACTNESS = 12; // colour differences, out of 255, that weigh as much as one region's width

// Smallest fragments are not merged: a click on one still selects what looks alike there.
// rgba: bytes of the photo. -> Int32Array, a number for each pixel; regions are about `size` pixels wide.
export function superpixels(rgba, width, height, size) {
  const across = Math.max(1, Math.round(width / size)), down = Math.max(1, Math.round(height / size));
  const count = across * down;
  const [sx, sy] = [width / across, height / down];
  const centres = new Float32Array(count * 5); // x, y, r, g, b
  for (let k = 0; k < count; k++) {
    const x = ((k % across) + 0.5) * sx, y = (Math.floor(k / across) + 0.5) * sy;
    const i = 4 * (Math.floor(y) * width + Math.floor(x));
    centres.set([x, y, rgba[i], rgba[i + 1], rgba[i + 2]], 5 * k);
  }
  const numbers = new Int32Array(width * height);
  const nearness = new Float32Array(width * height);
  const place = (COMPACTNESS * COMPACTNESS) / (sx * sy);
  for (let round = 0; round < ROUNDS; round++) {
    nearness.fill(Infinity);
    for (let k = 0; k < count; k++) assign(k, centres, rgba, width, height, sx, sy, place, numbers, nearness);
    move(centres, count, rgba, width, numbers);
  }
  return numbers;
}

// Gives the pixels around a centre to it where it is nearer than the others so far.
function assign(k, centres, rgba, width, height, sx, sy, place, numbers, nearness) {
  const [cx, cy, r, g, b] = centres.subarray(5 * k, 5 * k + 5);
  const left = Math.max(0, Math.floor(cx - sx)), right = Math.min(width, Math.ceil(cx + sx));
  const top = Math.max(0, Math.floor(cy - sy)), bottom = Math.min(height, Math.ceil(cy + sy));
  for (let y = top; y < bottom; y++) {
    const dy = (y + 0.5 - cy) ** 2;
    for (let x = left, i = y * width + left; x < right; x++, i++) {
      const dr = rgba[4 * i] - r, dg = rgba[4 * i + 1] - g, db = rgba[4 * i + 2] - b;
      const far = dr * dr + dg * dg + db * db + place * ((x + 0.5 - cx) ** 2 + dy);
      if (far < nearness[i]) { nearness[i] = far; numbers[i] = k; }
    }
  }
}

// Every centre goes to the middle of its pixels.
function move(centres, count, rgba, width, numbers) {
  const sums = new Float64Array(count * 6);
  for (let i = 0; i < numbers.length; i++) {
    const at = 6 * numbers[i];
    sums[at] += (i % width) + 0.5;
    sums[at + 1] += Math.floor(i / width) + 0.5;
    sums[at + 2] += rgba[4 * i];
    sums[at + 3] += rgba[4 * i + 1];
    sums[at + 4] += rgba[4 * i + 2];
    sums[at + 5]++;
  }
  for (let k = 0; k < count; k++) {
    const pixels = sums[6 * k + 5];
    if (pixels) for (let part = 0; part < 5; part++) centres[5 * k + part] = sums[6 * k + part] / pixels;
  }
}
