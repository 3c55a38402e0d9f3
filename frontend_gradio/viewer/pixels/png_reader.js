// PNGs of ids -> ids. Through an <img> and a canvas they would come back as colours of a palette.
// Pure: runs in pages, in workers and under node.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0, PALETTE = 3;

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function header(bytes, view) {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw new Error("this is no PNG");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, kind, , , interlaced] = bytes.subarray(24, 29);
  if (![GREY, PALETTE].includes(kind) || depth > 8 || interlaced) {
    throw new Error(`a PNG of kind ${kind} with ${depth} bits holds no ids; grey or palette with up to 8 bits does`);
  }
  return { width, height, depth };
}

function dataChunks(bytes, view) {
  const parts = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    if (bytes[at + 4] === 0x49 && bytes[at + 5] === 0x44) parts.push(bytes.subarray(at + 8, at + 8 + length)); // IDAT
    at += length + 12;
  }
  return parts;
}

function paeth(a, b, c) {
  const p = a + b - c, da = Math.abs(p - a), db = Math.abs(p - b), dc = Math.abs(p - c);
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}

// Undoes the row filters (PNG specification, 9.2) where they lie; one byte is one pixel or several.
function unfilter(raw, height, stride) {
  for (let y = 0; y < height; y++) {
    const row = y * (stride + 1) + 1, above = row - stride - 1, filter = raw[row - 1];
    if (filter === 0) continue;
    for (let x = 0; x < stride; x++) {
      const left = x ? raw[row + x - 1] : 0, up = y ? raw[above + x] : 0;
      if (filter === 1) raw[row + x] += left;
      else if (filter === 2) raw[row + x] += up;
      else if (filter === 3) raw[row + x] += (left + up) >> 1;
      else raw[row + x] += paeth(left, up, x && y ? raw[above + x - 1] : 0);
    }
  }
}

// Uint8Array of a PNG file -> { width, height, ids }.
export async function readIds(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { width, height, depth } = header(bytes, view);
  const stride = Math.ceil((width * depth) / 8);
  const raw = await inflate(dataChunks(bytes, view));
  if (raw.length !== height * (stride + 1)) throw new Error(`a PNG of ${width} × ${height} holds ${raw.length} bytes`);
  unfilter(raw, height, stride);
  const ids = new Uint8Array(width * height);
  const perByte = 8 / depth, mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    const row = y * (stride + 1) + 1;
    if (depth === 8) { ids.set(raw.subarray(row, row + width), y * width); continue; }
    for (let x = 0; x < width; x++) {
      const byte = raw[row + Math.floor(x / perByte)];
      ids[y * width + x] = (byte >> (8 - depth * ((x % perByte) + 1))) & mask;
    }
  }
  return { width, height, ids };
}
