// The tools a label is corrected with. Each takes the pointer of a pane (pane.js): down(point, event) answers whether
// it is used, then move and up follow; draw() shows what is about to happen. Points are image coordinates.
//
// `desk`: { mask, value, radius, paint(spans, value), shown() -> ids as they are seen now, regionAt(x, y) -> spans of a
// superpixel }.
import { TO_IGNORE, UNTOUCHED } from "../drawing/kept.js";
import { brush, connected, polygon } from "./shapes.js";

// With Shift every tool takes pixels away from training instead of giving them a class.
function valueFor(desk, event) { return event.shiftKey ? TO_IGNORE : desk.value; }

function pixelUnder(point, mask) {
  const x = Math.floor(point.x), y = Math.floor(point.y);
  return x >= 0 && y >= 0 && x < mask.width && y < mask.height ? { x, y } : null;
}

function outline(context, width = 1.5) {
  for (const [colour, line] of [["rgb(0 0 0 / .7)", width + 1.5], ["#fff", width]]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.stroke();
  }
}

class Brush {
  constructor(desk, { erases = false } = {}) {
    this.desk = desk;
    this.erases = erases;
    this.last = null;
    this.cursor = null;
  }

  down(point, event) {
    this.desk.mask.begin();
    this.value = this.erases ? UNTOUCHED : valueFor(this.desk, event);
    this.last = point;
    this.paint(point);
    return true;
  }

  move(point) {
    this.cursor = point;
    if (this.last) this.paint(point);
    this.last &&= point;
  }

  up() {
    this.last = null;
    this.desk.mask.end();
  }

  paint(point) {
    const { mask, radius } = this.desk;
    this.desk.paint(brush(this.last, point, radius, mask.width, mask.height), this.value);
  }

  draw(context, toPane, scale) {
    if (!this.cursor) return;
    const { x, y } = toPane(this.cursor);
    context.beginPath();
    context.arc(x, y, this.desk.radius * scale, 0, 2 * Math.PI);
    outline(context, 1);
  }
}

class Polygon {
  constructor(desk) {
    this.desk = desk;
    this.corners = [];
    this.cursor = null;
  }

  down(point, event) {
    this.value = valueFor(this.desk, event);
    this.corners.push(point);
    return true;
  }

  move(point) { this.cursor = point; }

  up() {}

  // A double click is two clicks first: its second corner is the first one's double.
  double() {
    this.corners.pop();
    this.close();
  }

  close() {
    const { mask } = this.desk;
    if (this.corners.length > 2) this.desk.paint(polygon(this.corners, mask.width, mask.height), this.value);
    this.corners = [];
  }

  // Answers whether the key meant something.
  key(key) {
    if (!this.corners.length) return false;
    if (key === "Enter") this.close();
    else if (key === "Escape") this.corners = [];
    else if (key === "Backspace") this.corners.pop();
    else return false;
    return true;
  }

  draw(context, toPane) {
    if (!this.corners.length) return;
    context.beginPath();
    for (const point of [...this.corners, this.cursor ?? this.corners[0]]) {
      const { x, y } = toPane(point);
      context.lineTo(x, y);
    }
    context.closePath();
    outline(context);
  }
}

// One click on an area: `spansAt(x, y)`.
class Area {
  constructor(desk, spansAt) {
    this.desk = desk;
    this.spansAt = spansAt;
  }

  down(point, event) {
    const pixel = pixelUnder(point, this.desk.mask);
    const spans = pixel && this.spansAt(pixel.x, pixel.y);
    if (spans) this.desk.paint(spans, valueFor(this.desk, event));
    return true;
  }

  move() {}

  up() {}
}

// [id, words, what it does, maker]; the order is that of the page.
export const TOOLS = [
  ["brush", "Brush", "paint with a round brush ([ ] size)", (desk) => new Brush(desk)],
  ["eraser", "Eraser", "take back what was drawn", (desk) => new Brush(desk, { erases: true })],
  ["polygon", "Polygon", "click corners; Enter or a double click closes", (desk) => new Polygon(desk)],
  ["fill", "Fill", "click: all of one class that hangs together", (desk) => new Area(desk, (x, y) => (
    connected(desk.shown(), desk.mask.width, desk.mask.height, x, y)))],
  ["superpixel", "Superpixel", "click: a small area of one look in the photo", (desk) => new Area(desk, desk.regionAt)],
];
