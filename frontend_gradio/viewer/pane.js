// A canvas that draws the photo and, over it, one painted layer, at the zoom of a shared Viewport.

export class Pane {
  constructor(canvas, viewport, onHover) {
    this.canvas = canvas;
    this.viewport = viewport;
    this.photo = null;
    this.overlay = null; // an offscreen canvas at label size
    this.opacity = 1;
    this.cursor = null; // label coordinates, drawn as a cross
    this.frame = 0;
    viewport.onChange(() => this.redraw());
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
    this.listen(onHover);
  }

  setPhoto(photo) { this.photo = photo; this.redraw(); }

  // pixels: Uint32Array of RGBA, or null for the bare photo.
  setOverlay(pixels, width, height) {
    if (!pixels) { this.overlay = null; this.redraw(); return; }
    if (!this.overlay || this.overlay.width !== width || this.overlay.height !== height) {
      this.overlay = Object.assign(document.createElement("canvas"), { width, height });
    }
    const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    this.overlay.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
    this.redraw();
  }

  setOpacity(opacity) { this.opacity = opacity; this.redraw(); }

  setCursor(point) { this.cursor = point; this.redraw(); }

  size() { return [this.canvas.clientWidth, this.canvas.clientHeight]; }

  // Many changes in one frame are drawn once.
  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  draw() {
    const [width, height] = this.size();
    if (!width || !height) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const backing = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== backing[0] || this.canvas.height !== backing[1]) {
      [this.canvas.width, this.canvas.height] = backing;
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const scale = this.viewport.scaleIn(width, height);
    const origin = this.viewport.toPane(0, 0, width, height);
    const box = [origin.x, origin.y, this.viewport.width * scale, this.viewport.height * scale];
    // Shrinking may smooth; magnifying must show the pixels as they are.
    context.imageSmoothingEnabled = scale * ratio < 1;
    context.imageSmoothingQuality = "high";
    if (this.photo) context.drawImage(this.photo, ...box);
    if (this.overlay) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = this.opacity;
      context.drawImage(this.overlay, ...box);
      context.globalAlpha = 1;
    }
    if (this.cursor) this.drawCursor(context, width, height);
  }

  drawCursor(context, width, height) {
    const { x, y } = this.viewport.toPane(this.cursor.x, this.cursor.y, width, height);
    for (const [colour, line] of [["rgba(0,0,0,.65)", 3], ["rgba(255,255,255,.95)", 1]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.beginPath();
      context.moveTo(x - 9, y); context.lineTo(x - 3, y);
      context.moveTo(x + 3, y); context.lineTo(x + 9, y);
      context.moveTo(x, y - 9); context.lineTo(x, y - 3);
      context.moveTo(x, y + 3); context.lineTo(x, y + 9);
      context.stroke();
    }
  }

  listen(onHover) {
    const { canvas, viewport } = this;
    let dragged = null;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015));
      viewport.zoomAt(event.offsetX, event.offsetY, factor, ...this.size());
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      dragged = { x: event.clientX, y: event.clientY };
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("dragging");
    });
    canvas.addEventListener("pointermove", (event) => {
      if (dragged) {
        viewport.panBy(event.clientX - dragged.x, event.clientY - dragged.y, ...this.size());
        dragged = { x: event.clientX, y: event.clientY };
      }
      onHover(this, viewport.toImage(event.offsetX, event.offsetY, ...this.size()));
    });
    const release = () => { dragged = null; canvas.classList.remove("dragging"); };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointerleave", () => { if (!dragged) onHover(this, null); });
  }
}
