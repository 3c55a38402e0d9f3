// One zoom and one position shared by linked panes. Coordinates are label pixels; scale is CSS pixels per
// label pixel. `centre` is the label point in the middle of every pane, so panes of other sizes agree.

const MAX_SCALE = 40;

export class Viewport {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.scale = null; // null: fit
    this.centre = { x: 0.5, y: 0.5 };
    this.listeners = [];
  }

  onChange(listener) { this.listeners.push(listener); }

  changed() { this.listeners.forEach((listener) => listener()); }

  // A new image keeps zoom and place when it has the size of the last one.
  setImage(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.fit();
  }

  // Place and zoom as "x,y,scale", "" when the whole image fits; `restore` takes it back.
  place() {
    if (this.scale === null) return "";
    return [this.centre.x, this.centre.y, this.scale].join(",");
  }

  restore(place) {
    const [x, y, scale] = String(place ?? "").split(",").map(Number);
    if (![x, y, scale].every(Number.isFinite) || scale <= 0) return;
    this.scale = Math.min(MAX_SCALE, scale);
    this.centre = { x, y };
    this.settle();
    this.changed();
  }

  fit() {
    this.scale = null;
    this.centre = { x: this.width / 2, y: this.height / 2 };
    this.changed();
  }

  oneToOne() {
    this.scale = 1 / (globalThis.devicePixelRatio || 1);
    this.changed();
  }

  fitScale(paneWidth, paneHeight) {
    return Math.min(paneWidth / this.width, paneHeight / this.height);
  }

  scaleIn(paneWidth, paneHeight) {
    return this.scale ?? this.fitScale(paneWidth, paneHeight);
  }

  toImage(x, y, paneWidth, paneHeight) {
    const scale = this.scaleIn(paneWidth, paneHeight);
    return {
      x: this.centre.x + (x - paneWidth / 2) / scale,
      y: this.centre.y + (y - paneHeight / 2) / scale,
    };
  }

  toPane(x, y, paneWidth, paneHeight) {
    const scale = this.scaleIn(paneWidth, paneHeight);
    return {
      x: paneWidth / 2 + (x - this.centre.x) * scale,
      y: paneHeight / 2 + (y - this.centre.y) * scale,
    };
  }

  // Index of the image's pixel at a point (null: nowhere), null outside.
  pixelAt(point) {
    if (!point || point.x < 0 || point.y < 0 || point.x >= this.width || point.y >= this.height) return null;
    return Math.floor(point.y) * this.width + Math.floor(point.x);
  }

  // Zoom by `factor`, the point under the cursor staying where it is.
  zoomAt(x, y, factor, paneWidth, paneHeight) {
    const fixed = this.toImage(x, y, paneWidth, paneHeight);
    const fit = this.fitScale(paneWidth, paneHeight);
    const wanted = this.scaleIn(paneWidth, paneHeight) * factor;
    if (wanted <= fit) { this.fit(); return; }
    this.scale = Math.min(MAX_SCALE, wanted);
    this.centre = {
      x: fixed.x - (x - paneWidth / 2) / this.scale,
      y: fixed.y - (y - paneHeight / 2) / this.scale,
    };
    this.settle();
    this.changed();
  }

  panBy(dx, dy, paneWidth, paneHeight) {
    const scale = this.scaleIn(paneWidth, paneHeight);
    this.centre = { x: this.centre.x - dx / scale, y: this.centre.y - dy / scale };
    this.settle();
    this.changed();
  }

  // Inside the image, and to what an address can hold, so that a link shows the very same pixels.
  settle() {
    this.centre.x = rounded(Math.min(this.width, Math.max(0, this.centre.x)));
    this.centre.y = rounded(Math.min(this.height, Math.max(0, this.centre.y)));
    if (this.scale !== null) this.scale = rounded(this.scale);
  }
}

function rounded(value) { return Math.round(value * 1e4) / 1e4; }
