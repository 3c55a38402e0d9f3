// The legend of classes: colour, name, θ to drag, kept share, pixels, hard mark; hide, solo, focus, veto.
import { element, percent } from "./dom.js";
import { keptPixels } from "./drawing/kept.js";
import { thresholdText } from "./reasons.js";

const DIMMED = 48; // of 255: classes beside the one in focus

export class Legend {
  // `change()`: the picture must be painted again. `veto(id, everywhere)`: this class is not to be trained on in this
  // image, or in the whole round, or is again.
  constructor(container, { change, veto }) {
    this.container = container;
    this.change = change;
    this.veto = veto;
    this.hidden = new Set();
    this.solo = null;
    this.focus = null;
    this.moved = new Map(); // class -> first kept code a person has dragged it to
    this.adjusted = null; // class whose slider is open
    this.rows = new Map();
    container.addEventListener("click", (event) => this.clicked(event));
    container.addEventListener("input", (event) => this.dragged(event));
  }

  // How strongly a class is shown: 0 hidden … 255.
  look(id) {
    if (this.solo !== null) return this.solo === id ? 255 : 0;
    if (this.hidden.has(id)) return 0;
    return this.focus === null || this.focus === id ? 255 : DIMMED;
  }

  clicked(event) {
    const row = event.target.closest("[data-class]");
    if (!row || event.target.matches("input[type=range]")) return;
    const id = Number(row.dataset.class);
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (act === "veto") { this.veto(id, event.shiftKey); return; }
    if (act === "adjust") { this.adjust(this.adjusted === id ? null : id); return; }
    if (act === "restore") this.moved.delete(id);
    else if (act === "focus") this.toggle("focus", id);
    else if (event.target.matches("input")) {
      this.solo = null;
      this.show(id, event.target.checked);
    } else this.toggle("solo", id);
    this.mark();
    this.change();
  }

  // The class people look at now, if it is one alone.
  get chosen() { return this.solo ?? this.focus; }

  choose(id) {
    this.solo = null;
    this.focus = id;
    this.mark();
    this.change();
  }

  toggle(what, id) { this[what] = this[what] === id ? null : id; }

  show(id, on) {
    if (on) this.hidden.delete(id);
    else this.hidden.add(id);
  }

  dragged(event) {
    const id = Number(event.target.closest("[data-class]")?.dataset.class);
    if (!event.target.matches("input[type=range]") || Number.isNaN(id)) return;
    this.move(id, Number(event.target.value));
  }

  // Sets the first kept code of a class, in this view alone.
  move(id, code) {
    const K = this.label.table.length;
    const wanted = Math.min(K, Math.max(0, code));
    if (wanted === this.stored.first[id]) this.moved.delete(id);
    else this.moved.set(id, wanted);
    this.mark();
    this.change();
  }

  // One step of the open class's slider.
  step(codes) {
    if (this.adjusted !== null) this.move(this.adjusted, this.rule().first[this.adjusted] + codes);
  }

  adjust(id) {
    this.adjusted = id;
    this.draw(this.label, this.space, this.colours, this.stored);
    this.container.querySelector("input[type=range]")?.focus();
  }

  restoreAll() {
    this.moved.clear();
    this.mark();
    this.change();
  }

  // The stored rule with what was dragged.
  rule() {
    const first = this.stored.first.slice();
    for (const [id, code] of this.moved) first[id] = code;
    return { first, vetoed: this.stored.vetoed };
  }

  highlight(id) { for (const [other, row] of this.rows) row.classList.toggle("hover", other === id); }

  // `stored`: the rule the label was made by.
  draw(label, space, colours, stored) {
    Object.assign(this, { label, space, colours, stored });
    const heads = ["", "Class", "θ", "Kept", "Pred. px"].map((head, i) =>
      element("th", { class: i > 1 ? "num" : "", scope: "col" }, head || element("span", { class: "vw-unseen" }, "Shown")));
    this.rows = new Map(space.classes.map((name, id) => [id, this.row(name, id)]));
    // Classes the image lacks go below the ones it has, so that the eye stays on the picture.
    const sorted = [...this.rows].sort(([a], [b]) => this.isAbsent(a) - this.isAbsent(b));
    const body = element("tbody", {}, ...sorted.flatMap(([id, row]) => (
      id === this.adjusted ? [row, this.slider(id)] : [row])));
    this.note = element("button", { type: "button", id: "restore-thresholds", class: "vw-note", hidden: true,
      onclick: () => this.restoreAll() });
    this.container.replaceChildren(
      element("table", { class: "st-table dense vw-legend", id: "legend-table" },
        element("thead", {}, element("tr", {}, ...heads)), body), this.note);
    this.mark();
  }

  isAbsent(id) { return this.label.predicted_pixels[id] === 0; }

  row(name, id) {
    const predicted = this.label.predicted_pixels[id];
    const hard = this.label.hard_classes.includes(id);
    return element(
      "tr", { "data-class": id, id: `legend-${id}`, class: predicted ? "" : "absent" },
      element("td", {}, element("input", { type: "checkbox", checked: true, "aria-label": `show ${name}` })),
      element("td", {},
        element("button", { type: "button", class: "vw-swatch", "data-act": "focus", title: "Focus: dim the others",
          "aria-label": `focus ${name}`, style: `--swatch:rgb(${this.colours[id]})` }),
        element("button", { type: "button", class: "vw-name", "data-act": "solo", title: "Only this class" }, name,
          hard ? element("span", { class: "st-hard", title: "hard class: pasted from donors" }, "◆") : null),
        element("button", { type: "button", class: "vw-veto", "data-act": "veto", "aria-label": `do not train on ${name} here`,
          title: "Do not train on this class in this image (Shift: in the whole round)" }, "⊘")),
      element("td", { class: "num" }, element("button", { type: "button", class: "vw-threshold", "data-act": "adjust",
        "aria-label": `threshold of ${name}`, title: "Move the threshold, in this view alone" })),
      element("td", { class: "num share" }),
      element("td", { class: "num" }, predicted ? predicted.toLocaleString("en") : "–"));
  }

  slider(id) {
    return element("tr", { "data-class": id, class: "vw-theta" }, element("td", { colspan: 5 },
      element("div", {},
        element("input", { type: "range", id: "theta", min: 0, max: this.label.table.length,
          value: this.rule().first[id], "aria-label": `θ of ${this.space.classes[id]}` }),
        element("button", { type: "button", "data-act": "restore", title: "The θ the label was made with" }, "Reset"))));
  }

  // What is shown follows the state; nothing is built anew, so that a slider can be dragged on.
  mark() {
    if (!this.label) return;
    const rule = this.rule();
    for (const [id, row] of this.rows) {
      row.classList.toggle("off", !this.look(id));
      row.classList.toggle("solo", this.solo === id);
      row.classList.toggle("focus", this.focus === id);
      row.classList.toggle("moved", this.moved.has(id));
      row.classList.toggle("vetoed", Boolean(rule.vetoed[id]));
      row.querySelector("input").checked = this.look(id) > 0;
      for (const [act, on] of [["focus", this.focus === id], ["solo", this.solo === id],
        ["veto", Boolean(rule.vetoed[id])]]) row.querySelector(`[data-act=${act}]`).setAttribute("aria-pressed", on);
      const predicted = this.label.predicted_pixels[id];
      const share = predicted ? keptPixels(this.label, rule, id) / predicted : 0;
      const cell = row.querySelector(".share");
      cell.textContent = predicted ? percent(share, 0) : "–";
      cell.style.setProperty("--share", `${(100 * share).toFixed(1)}%`);
      row.querySelector("[data-act=adjust]").textContent = thresholdText(this.label.table[rule.first[id]], 3);
      row.querySelector("[data-act=adjust]").setAttribute("aria-expanded", this.adjusted === id);
    }
    const slider = this.container.querySelector("#theta");
    if (slider && Number(slider.value) !== rule.first[this.adjusted]) slider.value = rule.first[this.adjusted];
    this.note.hidden = this.moved.size === 0;
    this.note.textContent = `θ moved in ${this.moved.size} of ${this.rows.size} classes, in this view alone. Reset all`;
  }
}
