// The viewer's toolbar and keys, shared by Inspect and Compare: layer, opacity, contours, zoom, help.
import { byId, query, setQuery } from "./dom.js";

const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";

export class Toolbar {
  // `change()` is called after every change that needs the overlay repainted, `fade()` after opacity.
  constructor(viewport, { layer, change, fade }) {
    this.viewport = viewport;
    this.layers = [...document.querySelectorAll("[data-layer]")].map((button) => button.dataset.layer);
    this.layer = this.layers.includes(query("layer")) ? query("layer") : layer;
    this.contours = query("contour") === "1";
    this.overlayOn = true;
    this.peeking = false;
    this.change = change;
    this.fade = fade;
    byId("opacity").value = query("opacity") ?? localStorage.getItem("studio-opacity") ?? 60;
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
      byId("opacity").blur();
    });
    byId("contour").addEventListener("click", () => this.toggleContours());
    byId("fit").addEventListener("click", () => this.viewport.fit());
    byId("one-to-one").addEventListener("click", () => this.viewport.oneToOne());
    byId("help-open").addEventListener("click", () => byId("help").showModal());
    // After a click with the pointer the keys belong to the viewer again, above all Space.
    document.addEventListener("click", (event) => {
      if (event.detail > 0) event.target.closest?.("button")?.blur();
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

  show() {
    for (const button of document.querySelectorAll("[data-layer]")) {
      button.setAttribute("aria-pressed", button.dataset.layer === this.layer);
    }
    byId("contour").setAttribute("aria-pressed", this.contours);
    byId("opacity-value").textContent = this.overlayOn ? `${byId("opacity").value} %` : "off";
  }

  showZoom(scale) { byId("zoom").textContent = scale < 100 ? `${Math.round(scale * 100)} %` : ""; }

  // Handles the keys every viewer has; `keys` maps further ones ("a", "ArrowLeft", …) to functions.
  listenKeys(keys) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest?.(TYPING) || byId("help").open || modalOpen()) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (key === " " && event.target.closest?.("button, a, input")) return;
      const action = keys[key] ?? this.ownKey(key, event);
      if (!action) return;
      event.preventDefault();
      if (!event.repeat || key.startsWith("Arrow")) action(event);
    });
    document.addEventListener("keyup", (event) => { if (event.key === " ") this.peek(false); });
    window.addEventListener("blur", () => this.peek(false));
  }

  ownKey(key) {
    if (/^[1-9]$/.test(key) && this.layers[key - 1]) return () => this.choose(this.layers[key - 1]);
    return {
      " ": () => this.peek(true),
      h: () => { this.overlayOn = !this.overlayOn; this.show(); this.fade(); },
      c: () => this.toggleContours(),
      z: () => this.viewport.oneToOne(),
      Escape: () => this.viewport.fit(),
      "?": () => byId("help").showModal(),
    }[key];
  }

  peek(on) {
    if (this.peeking === on) return;
    this.peeking = on;
    this.fade();
  }
}

// The approval question is a Gradio column that exists only while it is open.
function modalOpen() { return Boolean(document.querySelector("#approval:not(.hide)")?.offsetParent); }
