// The viewer's toolbar, shared by Inspect and Compare: layer, opacity, contours, palette, zoom.
import { byId, query, setQuery } from "./dom.js";
import { PALETTES } from "./drawing/palettes.js";

export class Toolbar {
  // `change()` is called after every change that needs the overlay painted again, `fade()` after opacity.
  constructor(viewport, { layer, change, fade }) {
    this.viewport = viewport;
    this.layers = [...document.querySelectorAll("[data-layer]")].map((button) => button.dataset.layer);
    this.layer = this.layers.includes(query("layer")) ? query("layer") : layer;
    this.contours = query("contour") === "1";
    this.palette = query("palette") ?? localStorage.getItem("studio-palette") ?? "own";
    this.overlayOn = true;
    this.peeking = false;
    this.change = change;
    this.fade = fade;
    byId("opacity").value = query("opacity") ?? localStorage.getItem("studio-opacity") ?? 60;
    byId("palette").replaceChildren(...PALETTES.map(([value, words]) => new Option(words, value)));
    byId("palette").value = this.palette;
    this.listen();
    this.show();
  }

  get opacity() {
    if (this.peeking || !this.overlayOn) return 0;
    return Number(byId("opacity").value) / 100;
  }

  listen() {
    byId("layers").addEventListener("click", (event) => {
      const button = event.target.closest("[data-layer]");
      if (button) this.choose(button.dataset.layer);
    });
    byId("opacity").addEventListener("input", () => { this.overlayOn = true; this.show(); this.fade(); });
    byId("opacity").addEventListener("change", () => {
      localStorage.setItem("studio-opacity", byId("opacity").value);
      setQuery({ opacity: byId("opacity").value });
      byId("opacity").blur();
    });
    byId("palette").addEventListener("change", (event) => {
      this.palette = event.target.value;
      localStorage.setItem("studio-palette", this.palette);
      setQuery({ palette: this.palette });
      event.target.blur();
      this.change();
    });
    byId("contour").addEventListener("click", () => this.toggleContours());
    byId("fit").addEventListener("click", () => this.viewport.fit());
    byId("one-to-one").addEventListener("click", () => this.viewport.oneToOne());
    // After a click with the pointer the keys belong to the viewer again, above all Space.
    document.addEventListener("click", (event) => {
      if (event.detail > 0) event.target.closest?.("button")?.blur();
    });
    let waiting = 0;
    this.viewport.onChange(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => setQuery({ at: this.viewport.place() }), 250);
    });
  }

  choose(layer) {
    const button = byId(`layer-${layer}`);
    if (!button || button.disabled) return;
    this.layer = layer;
    this.overlayOn = true;
    setQuery({ layer });
    this.show();
    this.change();
  }

  enable(layer, enabled, why) {
    const button = byId(`layer-${layer}`);
    button.disabled = !enabled;
    button.title = enabled ? button.textContent : why;
    if (!enabled && this.layer === layer) this.choose("kept");
  }

  toggleContours() {
    this.contours = !this.contours;
    setQuery({ contour: this.contours ? 1 : null });
    this.show();
    this.change();
  }

  toggleOverlay() {
    this.overlayOn = !this.overlayOn;
    this.show();
    this.fade();
  }

  show() {
    for (const button of document.querySelectorAll("[data-layer]")) {
      button.setAttribute("aria-pressed", button.dataset.layer === this.layer);
    }
    byId("contour").setAttribute("aria-pressed", this.contours);
    byId("opacity-value").textContent = this.overlayOn ? `${byId("opacity").value} %` : "off";
  }

  showZoom(scale) { byId("zoom").textContent = scale < 100 ? `${Math.round(scale * 100)} %` : ""; }

  peek(on) {
    if (this.peeking === on) return;
    this.peeking = on;
    this.fade();
  }

  // What every viewer's keys do here; `pane`: whose middle the zoom keeps.
  keys(pane) {
    return {
      peek: (on) => this.peek(on),
      overlay: () => this.toggleOverlay(),
      contours: () => this.toggleContours(),
      fit: () => this.viewport.fit(),
      "one-to-one": () => this.viewport.oneToOne(),
      "zoom-in": () => pane.zoom(1.3),
      "zoom-out": () => pane.zoom(1 / 1.3),
      digit: (digit) => this.choose(this.layers[(digit + 9) % 10]),
    };
  }
}
