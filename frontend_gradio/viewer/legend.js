// The legend of classes: colour, name, θ, kept share, predicted pixels, hard mark; hide and solo.
import { byId, element, percent } from "./dom.js";
import { REASONS, DIFFERENCES, regionWeight, weightText } from "./decode.js";
import { DIFFERENCE_COLOURS, HEAT_BITS, REASON_COLOURS, REGION_COLOURS, heatColour } from "./layers.js";

export class Legend {
  constructor(container, change) {
    this.container = container;
    this.change = change;
    this.hidden = new Set();
    this.solo = null;
    this.rows = [];
    container.addEventListener("click", (event) => this.clicked(event));
  }

  visible(id) { return this.solo === null ? !this.hidden.has(id) : this.solo === id; }

  clicked(event) {
    const row = event.target.closest("[data-class]");
    if (!row) return;
    const id = Number(row.dataset.class);
    if (event.target.matches("input")) {
      this.solo = null;
      if (event.target.checked) this.hidden.delete(id);
      else this.hidden.add(id);
    } else {
      this.solo = this.solo === id ? null : id;
    }
    this.mark();
    this.change();
  }

  mark() {
    for (const row of this.rows) {
      const id = Number(row.dataset.class);
      row.classList.toggle("off", !this.visible(id));
      row.classList.toggle("solo", this.solo === id);
      row.querySelector("input").checked = this.visible(id);
    }
  }

  highlight(id) { for (const row of this.rows) row.classList.toggle("hover", Number(row.dataset.class) === id); }

  draw(label, space) {
    const heads = ["", "Class", "θ", "Kept", "Pred. px"].map((head, i) =>
      element("th", { class: i > 1 ? "num" : "" }, head));
    this.rows = space.classes.map((name, id) => this.row(label, space, name, id));
    // Classes the image lacks go below the ones it has, so that the eye stays on the picture.
    const present = this.rows.filter((row) => !row.classList.contains("absent"));
    const absent = this.rows.filter((row) => row.classList.contains("absent"));
    const body = element("tbody", {}, ...present, ...absent);
    this.container.replaceChildren(element(
      "table", { class: "st-table dense vw-legend", id: "legend-table" },
      element("thead", {}, element("tr", {}, ...heads)), body));
    this.mark();
  }

  row(label, space, name, id) {
    const predicted = label.predicted_pixels[id];
    const kept = predicted ? percent(label.kept_pixels[id] / predicted, 0) : "–";
    const hard = label.hard_classes.includes(id);
    const share = predicted ? (100 * label.kept_pixels[id]) / predicted : 0;
    return element(
      "tr", { "data-class": id, id: `legend-${id}`, class: predicted ? "" : "absent", title: "Click: only this class" },
      element("td", {}, element("input", { type: "checkbox", checked: true, "aria-label": `show ${name}` })),
      element("td", {}, element("i", { class: "st-swatch", style: `background:rgb(${space.colours[id]})` }), name,
        hard ? element("span", { class: "st-hard", title: "hard class: pasted from donors" }, "◆") : null),
      element("td", { class: "num" }, label.thresholds[id].toFixed(3)),
      element("td", { class: "num share", style: `--share:${share.toFixed(1)}%` }, kept),
      element("td", { class: "num" }, predicted ? predicted.toLocaleString("en") : "–"));
  }
}

function key(colour, words) {
  return element("span", { class: "vw-key" },
    element("i", { class: "st-swatch", style: `background:rgb(${colour})` }), words);
}

// What the colours of a layer mean, under the panes; class colours are in the legend already.
export function drawScale(layer, label, term) {
  const scale = byId("scale");
  scale.replaceChildren();
  if (layer === "reason") {
    const used = new Set(label.reason);
    scale.append(...REASONS.map((words, i) => (used.has(i) ? key(REASON_COLOURS[i], words) : "")));
  } else if (layer === "difference") {
    scale.append(...DIFFERENCES.map((words, i) => (i ? key(DIFFERENCE_COLOURS[i], words) : "")));
  } else if (layer === "confidence") {
    const stops = Array.from({ length: 9 }, (_, i) => `rgb(${heatColour((i / 8) * HEAT_BITS)})`);
    const ticks = [0.5, 0.9, 0.99, 0.999].map((p) => element(
      "b", { style: `left:${(100 * -Math.log2(1 - p)) / HEAT_BITS}%` }, String(p)));
    scale.append("p", element("span", { class: "vw-heat", style: `background:linear-gradient(90deg,${stops})` }, ...ticks));
  } else if (layer === "region-weight") {
    for (const region of ["kept", "ignored"]) {
      const weight = regionWeight(label.region_weights, region, term);
      scale.append(key(REGION_COLOURS[region], `${region} ${weightText(weight)}`));
    }
  }
}
