// What a person draws over a label, with undo: never the label itself. Pure: also run under node.
import { TO_IGNORE, UNTOUCHED } from "../drawing/kept.js";

const LONGEST_HISTORY = 2_000_000; // runs of pixels kept for undo: some 60 MB at most

export class CorrectionMask {
  // `ids`: what was drawn before (drawing/kept.js: UNTOUCHED, TO_IGNORE or a class); null: nothing.
  constructor(width, height, ids = null) {
    this.width = width;
    this.height = height;
    this.ids = ids ? ids.slice() : new Uint8Array(width * height).fill(UNTOUCHED);
    this.pixels = countOf(this.ids); // by value: counted on, because a stroke asks after every move
    this.done = []; // strokes, each a list of runs: start, length, value before, value drawn
    this.undone = [];
    this.stroke = null;
    this.listeners = [];
  }

  onChange(listener) { this.listeners.push(listener); }

  // Everything between `begin` and `end` is one step of undo.
  begin() { this.stroke ??= []; }

  end() {
    if (!this.stroke) return;
    if (this.stroke.length) {
      this.done.push(this.stroke);
      this.undone = [];
      let runs = this.done.reduce((sum, stroke) => sum + stroke.length / 4, 0);
      while (runs > LONGEST_HISTORY && this.done.length > 1) runs -= this.done.shift().length / 4;
    }
    this.stroke = null;
    this.changed(); // now there is something to undo
  }

  // spans: [y, from x, up to x (not included)] one after the other, inside the image (shapes.js). `value`: one for all
  // of them, or a map of the image that has one for each pixel; where that is UNTOUCHED, the pixel stays as it is.
  paint(spans, value) {
    const alone = this.stroke === null;
    this.begin();
    for (let at = 0; at < spans.length; at += 3) {
      const row = spans[at] * this.width;
      const [from, to] = [row + spans[at + 1], row + spans[at + 2]];
      if (typeof value === "number") this.fill(from, to, value);
      else this.copy(from, to, value);
    }
    if (alone) this.end();
    else this.changed();
  }

  fill(from, to, value) {
    for (let i = from; i < to;) {
      const before = this.ids[i];
      let end = i + 1;
      while (end < to && this.ids[end] === before) end++;
      if (before !== value) {
        this.put(i, end - i, before, value);
        this.stroke.push(i, end - i, before, value);
      }
      i = end;
    }
  }

  copy(from, to, map) {
    for (let i = from; i < to;) {
      let end = i + 1;
      while (end < to && map[end] === map[i]) end++;
      if (map[i] !== UNTOUCHED) this.fill(i, end, map[i]);
      i = end;
    }
  }

  put(start, length, before, value) {
    this.ids.fill(value, start, start + length);
    this.pixels[before] -= length;
    this.pixels[value] += length;
  }

  clear() { this.paint(Array.from({ length: this.height }, (_, y) => [y, 0, this.width]).flat(), UNTOUCHED); }

  // Something else was drawn: there is nothing to undo any more. null: nothing.
  replace(ids) {
    if (ids) this.ids.set(ids);
    else this.ids.fill(UNTOUCHED);
    this.pixels = countOf(this.ids);
    [this.done, this.undone, this.stroke] = [[], [], null];
    this.changed();
  }

  get canUndo() { return this.done.length > 0; }

  get canRedo() { return this.undone.length > 0; }

  undo() { this.step(this.done, this.undone, -1); }

  redo() { this.step(this.undone, this.done, 1); }

  step(from, to, direction) {
    const stroke = from.pop();
    if (!stroke) return;
    const runs = stroke.length / 4;
    for (let k = 0; k < runs; k++) {
      const at = 4 * (direction > 0 ? k : runs - 1 - k);
      const [start, length, before, value] = stroke.slice(at, at + 4);
      if (direction > 0) this.put(start, length, before, value);
      else this.put(start, length, value, before);
    }
    to.push(stroke);
    this.changed();
  }

  // { classes: Map(class -> pixels), ignored: pixels }
  counts() {
    const all = this.pixels;
    const classes = new Map();
    for (let id = 0; id < TO_IGNORE; id++) if (all[id]) classes.set(id, all[id]);
    return { classes, ignored: all[TO_IGNORE] };
  }

  get isEmpty() { return this.pixels[UNTOUCHED] === this.ids.length; }

  changed() { for (const listener of this.listeners) listener(); }
}

function countOf(ids) {
  const pixels = new Uint32Array(256);
  for (const id of ids) pixels[id]++;
  return pixels;
}
