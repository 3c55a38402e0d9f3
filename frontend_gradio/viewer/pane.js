// A photo and, over it, one painted layer, at the zoom of a shared Viewport.
import { CpuPainter, samples } from "./drawing/cpu_painter.js";
import { GlPainter } from "./drawing/gl_painter.js";
import { element } from "./dom.js";

const PIXELATED_ABOVE = 1; // screen pixels per image pixel

function covering(before, className) {
  const canvas = element("canvas", { class: className, "aria-hidden": "true" });
  before.after(canvas);
  return canvas;
}

export class Pane {
  // `hover(pane, point)`: the cursor is at `point` (image coordinates), or has left (null).
  constructor(canvas, viewport, hover) {
    this.canvas = canvas; // the photo; it takes the pointer
    this.viewport = viewport;
    this.hover = hover;
    this.photo = null;
    this.label = null;
    this.shown = null; // { layer, rule, contours }
    this.pointer = null; // a tool that may take the pointer: down(point, event) -> taken, move, up, draw
    this.frame = 0;
    this.stale = { photo: false, overlay: false };
    this.cross = element("i", { class: "vw-cross", hidden: true });
    this.sketch = covering(canvas, "vw-sketch");
    this.makePainter();
    this.sketch.after(this.cross);
    viewport.onChange(() => this.redraw());
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
    this.listen();
  }

  // The GPU where there is one. `?renderer=` is for tests and for drivers that misbehave.
  makePainter() {
    const wanted = new URLSearchParams(location.search).get("renderer");
    const overlay = covering(this.canvas, "vw-overlay");
    this.overlay?.remove();
    this.overlay = overlay;
    const usable = wanted !== "2d" && !this.lost && GlPainter.isAvailable({ emulated: wanted === "webgl" });
    this.painter = usable ? new GlPainter(overlay) : new CpuPainter(overlay);
    overlay.addEventListener("webglcontextlost", () => { this.lost = true; this.makePainter(); this.redraw(); });
  }

  setPhoto(photo) {
    this.photo = photo;
    this.redraw({ overlay: false });
  }

  // layer: see drawing/layers.js, null for the bare photo.
  show(label, layer, rule, contours) {
    this.label = label;
    this.shown = layer ? { layer, rule, contours } : null;
    this.redraw({ photo: false });
  }

  // 0..1. The compositor does it: nothing is painted again.
  setOpacity(opacity) { this.overlay.style.opacity = opacity; }

  setCursor(point) {
    this.cross.hidden = !point;
    if (!point) return;
    const { x, y } = this.viewport.toPane(point.x, point.y, ...this.size());
    this.cross.style.transform = `translate(${x}px, ${y}px)`;
  }

  // The tool that takes the pointer from now on; null: the pointer moves the picture.
  usePointer(tool) {
    this.pointer = tool;
    this.canvas.classList.toggle("tooled", Boolean(tool));
    this.redraw({ photo: false, overlay: false });
  }

  correctionChanged() {
    this.painter.correctionChanged();
    this.redraw({ photo: false });
  }

  // About the middle of the pane.
  zoom(factor) {
    const [width, height] = this.size();
    this.viewport.zoomAt(width / 2, height / 2, factor, width, height);
  }

  size() { return [this.canvas.clientWidth, this.canvas.clientHeight]; }

  // Many changes in one frame are drawn once.
  redraw({ photo = true, overlay = true } = {}) {
    this.stale.photo ||= photo;
    this.stale.overlay ||= overlay;
    this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  draw() {
    const [width, height] = this.size();
    if (!width || !height) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const backing = [Math.round(width * ratio), Math.round(height * ratio)];
    for (const canvas of [this.canvas, this.overlay, this.sketch]) {
      if (canvas.width === backing[0] && canvas.height === backing[1]) continue;
      [canvas.width, canvas.height] = backing;
      this.stale = { photo: true, overlay: true };
    }
    const scale = this.viewport.scaleIn(width, height) * ratio;
    const origin = this.viewport.toPane(0, 0, width, height);
    const place = { left: origin.x * ratio, top: origin.y * ratio, scale };
    if (this.stale.photo) this.drawPhoto(place);
    if (this.stale.overlay) this.drawOverlay(place);
    this.drawSketch(place);
    this.stale = { photo: false, overlay: false };
  }

  drawPhoto({ left, top, scale }) {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    // Shrinking may smooth; magnifying must show the pixels as they are.
    context.imageSmoothingEnabled = scale < PIXELATED_ABOVE;
    context.imageSmoothingQuality = "medium";
    const { width, height } = this.viewport;
    if (this.photo) context.drawImage(this.photo, left, top, width * scale, height * scale);
  }

  drawOverlay({ left, top, scale }) {
    if (!this.shown) { this.painter.clear(); return; }
    const { layer, rule, contours } = this.shown;
    const { label, overlay } = this;
    const span = (start, length, limit) => {
      const from = Math.max(0, Math.round(start)), to = Math.min(limit, Math.round(start + length * scale));
      return [from, Math.max(0, to - from)];
    };
    const [x, width] = span(left, label.width, overlay.width);
    const [y, height] = span(top, label.height, overlay.height);
    const columns = samples(width, (x - left) / scale, scale, label.width);
    const rows = samples(height, (y - top) / scale, scale, label.height);
    this.painter.paint(layer, label, rule, [x, y, width, height], columns, rows, contours);
  }

  // What a tool is about to do: the outline of a brush, the corners of a polygon.
  drawSketch({ left, top, scale }) {
    const context = this.sketch.getContext("2d");
    context.clearRect(0, 0, this.sketch.width, this.sketch.height);
    this.pointer?.draw?.(context, (point) => ({ x: left + point.x * scale, y: top + point.y * scale }), scale);
  }

  at(event) { return this.viewport.toImage(event.offsetX, event.offsetY, ...this.size()); }

  listen() {
    const { canvas, viewport } = this;
    const down = new Map(); // pointer id -> where it was last
    let taken = false;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015));
      viewport.zoomAt(event.offsetX, event.offsetY, factor, ...this.size());
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      // The middle button always drags, whatever tool is chosen.
      taken = down.size === 1 && event.button === 0 && Boolean(this.pointer?.down(this.at(event), event));
      canvas.classList.toggle("dragging", !taken);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (taken) this.pointer.move(this.at(event), event);
      else if (before) this.drag(down, event, before);
      else this.pointer?.move(this.at(event), event);
      if (this.pointer) this.redraw({ photo: false, overlay: false });
      if (before) down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      this.hover(this, this.at(event));
    });
    const release = (event) => {
      down.delete(event.pointerId);
      if (taken) this.pointer?.up(this.at(event), event);
      taken = false;
      if (this.pointer) this.redraw({ photo: false, overlay: false });
      canvas.classList.remove("dragging");
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("dblclick", (event) => {
      this.pointer?.double?.(this.at(event), event);
      this.redraw({ photo: false, overlay: false });
    });
    canvas.addEventListener("pointerleave", () => { if (!down.size) this.hover(this, null); });
  }

  // One pointer drags, two zoom about the middle between them.
  drag(down, event, before) {
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    const now = { x: event.offsetX, y: event.offsetY };
    if (!other) { this.viewport.panBy(now.x - before.x, now.y - before.y, ...this.size()); return; }
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.viewport.zoomAt(middle.x, middle.y, apart(now) / apart(before), ...this.size());
  }
}
