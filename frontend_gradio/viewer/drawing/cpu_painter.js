// Paints a layer at screen resolution with plain loops: no GPU needed, and exact by construction.
import { UNTOUCHED, TO_IGNORE, KEPT, BELOW, VETOED, CORRECTED, IGNORED } from "./kept.js";

// For each screen column or row of a box the label column or row it shows; `offset`: label coordinate at the
// box's start, `scale`: screen pixels per label pixel.
export function samples(count, offset, scale, limit) {
  return Int32Array.from({ length: count }, (_, i) => {
    const place = Math.floor(offset + (i + 0.5) / scale);
    return Math.min(limit - 1, Math.max(0, place));
  });
}

// A byte per screen pixel that the layer's colours are looked up by. `columns`, `rows`: see `samples`.
function keysOf(layer, label, rule, columns, rows, keys) {
  const { prediction, codes, reason, drawn: over } = label;
  const { first, vetoed } = rule;
  const map = layer.kind === "ids" ? layer.ids : prediction;
  const simple = layer.kind === "ids" || layer.kind === "codes";
  const byStatus = layer.kind === "status";
  for (let y = 0, at = 0; y < rows.length; y++) {
    const row = rows[y] * label.width;
    if (simple) {
      for (let x = 0; x < columns.length; x++, at++) keys[at] = map[row + columns[x]];
      continue;
    }
    for (let x = 0; x < columns.length; x++, at++) {
      const i = row + columns[x];
      const drawn = over ? over[i] : UNTOUCHED;
      const id = prediction[i];
      let status = reason[i], kept = id;
      if (drawn !== UNTOUCHED) {
        status = drawn === TO_IGNORE ? VETOED : CORRECTED;
        kept = drawn;
      } else if (status <= BELOW) {
        status = codes[i] < first[id] ? BELOW : vetoed[id] ? VETOED : KEPT;
      }
      keys[at] = byStatus ? status : status === KEPT || status === CORRECTED ? kept : IGNORED;
    }
  }
}

export class CpuPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.keys = new Uint8Array(0);
    this.image = null;
  }

  // Paints the box [x, y, width, height] of the canvas (device pixels); the rest is cleared.
  paint(layer, label, rule, box, columns, rows, contours) {
    const { canvas, context } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const [left, top, width, height] = box;
    if (!width || !height) return;
    if (this.image?.width !== width || this.image?.height !== height) {
      this.image = context.createImageData(width, height);
      this.keys = new Uint8Array(width * height);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    keysOf(layer, label, rule, columns, rows, this.keys);
    if (layer.kind === "codes") this.heat(layer, label, columns, rows, pixels);
    else this.look(layer, pixels, width, left + top);
    if (contours) this.outline(pixels, width, height);
    context.putImageData(this.image, left, top);
  }

  look({ colours, hatched }, pixels, width, phase) {
    const { keys } = this;
    for (let at = 0; at < pixels.length; at++) pixels[at] = colours[keys[at]];
    if (!hatched) return;
    for (let at = 0, x = 0, y = 0; at < pixels.length; at++) {
      if (keys[at] === IGNORED && ((x + y + phase) & 7)) pixels[at] = 0;
      if (++x === width) { x = 0; y++; }
    }
  }

  heat({ colours, heat }, label, columns, rows, pixels) {
    const { keys } = this;
    for (let y = 0, at = 0; y < rows.length; y++) {
      const row = rows[y] * label.width;
      for (let x = 0; x < columns.length; x++, at++) {
        // A hidden class is hidden here, too; a dimmed one is as dim.
        const alpha = colours[keys[at]] >>> 24;
        pixels[at] = alpha ? ((heat[label.codes[row + columns[x]]] & 0xffffff) | (alpha << 24)) >>> 0 : 0;
      }
    }
  }

  // Only what differs from its right or lower neighbour on the screen: a line of one pixel at every zoom.
  outline(pixels, width, height) {
    const { keys } = this;
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const right = x + 1 < width && keys[at] !== keys[at + 1];
        const below = y + 1 < height && keys[at] !== keys[at + width];
        if (!right && !below) pixels[at] = 0;
      }
    }
  }

  clear() { this.context.clearRect(0, 0, this.canvas.width, this.canvas.height); }

  // Nothing is kept between paints, so a changed correction needs no word.
  correctionChanged() {}
}
