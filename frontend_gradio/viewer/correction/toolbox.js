// The tools of Inspect that draw over a label: which tool, which class, how wide, undo, and where the work stands.
import { byId, element, say } from "../dom.js";
import { TO_IGNORE, UNTOUCHED, keptIds } from "../drawing/kept.js";
import { AS_PREDICTED, notKept } from "./forced_keep.js";
import { CorrectionMask } from "./mask.js";
import { CorrectionSaving } from "./saving.js";
import { region } from "./shapes.js";
import { storedCorrection } from "./stored.js";
import { TOOLS } from "./tools.js";

const SMALLEST = 1, LARGEST = 120;
const SUPERPIXEL = 24; // pixels wide
// No class has this look, and it is seen on light and dark.
const MANY_CLASSES = "linear-gradient(135deg, var(--st-muted) 50%, transparent 50%)";

export class Toolbox {
  // `pane`: what is drawn on. `rule()`: the rule it is seen by, `stored()`: the one that is trained by. `changed()`: the
  // label looks different now.
  constructor(root, pane, { rule, stored, changed, saved }) {
    Object.assign(this, { root, pane, rule, stored, changed });
    this.label = null;
    this.mask = null;
    this.value = 0;
    this.radius = 12;
    this.chosen = null;
    this.saving = new CorrectionSaving({
      state: (words, choices) => this.tell(words, choices),
      saved: (id, correction) => { this.describe(); saved(id, correction); },
    });
    const box = this;
    const desk = { get mask() { return box.mask; }, get value() { return box.value; }, get radius() { return box.radius; },
      paint: (spans, value) => this.paint(spans, value),
      shown: () => this.shown(), regionAt: (x, y) => this.regionAt(x, y) };
    this.tools = new Map(TOOLS.map(([id, , , make]) => [id, make(desk)]));
    this.build();
  }

  get isOpen() { return this.root.open; }

  build() {
    const tools = TOOLS.map(([id, words, title]) => element("label", { title },
      element("input", { type: "radio", name: "tool", value: id, onchange: () => this.choose(id) }), words));
    this.root.replaceChildren(
      element("summary", {}, "Correct", element("span", { id: "correction-state", role: "status" })),
      element("div", { class: "vw-tools", role: "radiogroup", "aria-label": "Tool" }, ...tools),
      element("div", { class: "vw-with" },
        element("i", { class: "st-swatch", id: "correct-swatch" }),
        element("select", { id: "correct-class", "aria-label": "Class to draw", onchange: (event) => this.draws(Number(event.target.value)) }),
        element("label", { class: "vw-slider" }, "Size", element("input", { type: "range", id: "brush-size", min: SMALLEST,
          max: LARGEST, value: this.radius, oninput: (event) => this.size(Number(event.target.value)) }))),
      element("div", { class: "vw-steps" },
        element("button", { type: "button", id: "undo", title: "Undo (Ctrl+Z)", onclick: () => this.mask?.undo() }, "Undo"),
        element("button", { type: "button", id: "redo", title: "Redo (Ctrl+Shift+Z)", onclick: () => this.mask?.redo() }, "Redo"),
        element("button", { type: "button", id: "clear-correction", onclick: () => this.mask?.clear() }, "Clear"),
        element("button", { type: "button", id: "keep-all", onclick: () => this.keepAll(this.value) }, "Keep all")),
      element("p", { id: "correction-counts", class: "st-muted" }),
      element("p", { id: "correction-who", class: "st-muted" }),
      element("div", { id: "correction-choices" }));
    this.root.addEventListener("toggle", () => this.choose(this.isOpen ? this.chosen ?? "brush" : null));
  }

  // A label has been opened. `writable`: its round is in review.
  async open(label, space, colours, writable) {
    this.saving.flush();
    Object.assign(this, { label, space, colours, writable, mask: null, numbers: null });
    label.drawn = null;
    this.root.hidden = !writable && !label.correction;
    byId("correct-class").replaceChildren(
      ...space.classes.map((name, id) => new Option(name, id)),
      new Option("as predicted", AS_PREDICTED), new Option("ignore", TO_IGNORE));
    const lasts = this.value < space.classes.length || [AS_PREDICTED, TO_IGNORE].includes(this.value);
    this.draws(lasts ? this.value : 0);
    const [stored, work] = await Promise.all([
      label.correction?.version && !isDeleted(label) ? storedCorrection(label) : null,
      writable ? this.saving.unsentWork(label) : null]);
    if (this.label !== label) return;
    this.mask = new CorrectionMask(label.width, label.height, work?.ids ?? stored);
    this.mask.onChange(() => this.drawn());
    if (writable) this.saving.follow(label, this.mask, work);
    this.choose(this.isOpen ? this.chosen : null);
    this.drawn();
  }

  drawn() {
    const { label, mask } = this;
    const { classes, ignored } = mask.counts();
    const drawn = [...classes.values()].reduce((sum, count) => sum + count, 0);
    const before = label.drawn;
    // Nothing drawn is no correction, so that labels nobody touched cost nothing.
    label.drawn = drawn + ignored ? mask.ids : null;
    byId("correction-counts").textContent = drawn + ignored
      ? `${drawn.toLocaleString("en")} px drawn, ${ignored.toLocaleString("en")} ignored` : "";
    byId("undo").disabled = !mask.canUndo;
    byId("redo").disabled = !mask.canRedo;
    byId("clear-correction").disabled = !(drawn + ignored);
    this.describe();
    if (before || label.drawn) this.changed();
  }

  describe() {
    const { correction } = this.label;
    byId("correction-who").textContent = correction?.person
      ? `Drawn by ${correction.person}, ${new Date(correction.created_at).toLocaleString()}` : "";
  }

  // null: the pointer moves the picture.
  choose(id) {
    if (id) this.chosen = id;
    const tool = id && this.writable ? this.tools.get(id) : null;
    this.pane.usePointer(tool && this.mask ? tool : null);
    for (const input of this.root.querySelectorAll("input[name=tool]")) input.checked = input.value === id;
    if (id === "superpixel") this.findSuperpixels();
  }

  draws(value) {
    this.value = value;
    byId("correct-class").value = value;
    const colour = this.colours[value];
    const one = colour ? `rgb(${colour})` : "transparent";
    byId("correct-swatch").style.background = value === AS_PREDICTED ? MANY_CLASSES : one;
    const name = this.space.classes[value];
    const button = byId("keep-all");
    button.disabled = !this.writable || !name;
    button.title = name ? `Keep all of ${name} in this image, however unsure the network was` : "Choose a class first";
    button.setAttribute("aria-label", name ? `Keep all of ${name} here` : "Keep all of a class here");
  }

  paint(spans, value) { this.mask.paint(spans, value === AS_PREDICTED ? this.label.prediction : value); }

  // What is drawn from now on is what the network predicted: a forced keep.
  drawAsPredicted() { if (this.label) this.draws(AS_PREDICTED); }

  // The forced keep of a class: all that is predicted as it in this image and not trained on. One step of undo.
  keepAll(id) {
    if (!this.writable) return say("Only labels of a round in review are drawn on.");
    if (!this.mask) return undefined; // still loading: nothing can be drawn yet
    const name = this.space.classes[id];
    // By the stored rule: a θ moved in this view keeps nothing.
    const spans = notKept(this.label, this.stored(), id);
    if (!spans.length) return say(`Nothing of ${name} is left to keep here.`);
    const before = this.mask.pixels[id];
    this.paint(spans, id);
    return say(`${(this.mask.pixels[id] - before).toLocaleString("en")} px of ${name} are kept now as well.`);
  }

  size(radius) {
    this.radius = Math.min(LARGEST, Math.max(SMALLEST, radius));
    byId("brush-size").value = this.radius;
    this.pane.redraw({ photo: false, overlay: false });
  }

  // What is seen: the class each pixel is kept as, or else predicted as.
  shown() {
    const kept = keptIds(this.label, this.rule());
    return kept.map((id, i) => (id === UNTOUCHED ? this.label.prediction[i] : id));
  }

  findSuperpixels() {
    const { label } = this;
    if (!label || this.numbers || this.finding === label) return;
    this.finding = label;
    const { width, height } = label;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(label.photo, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    this.worker ??= new Worker(new URL("./superpixel_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: found }) => {
      if (found.id !== this.label.id) return;
      this.numbers = found.numbers;
      this.tell("");
    };
    this.tell("finding superpixels …");
    this.worker.postMessage({ id: label.id, rgba: data, width, height, size: SUPERPIXEL });
  }

  regionAt(x, y) {
    const { numbers, label: { width, height } } = this;
    if (!numbers) { this.findSuperpixels(); return null; }
    const reach = 3 * SUPERPIXEL;
    const box = { left: Math.max(0, x - reach), right: Math.min(width, x + reach),
      top: Math.max(0, y - reach), bottom: Math.min(height, y + reach) };
    return region(numbers, width, numbers[y * width + x], box);
  }

  // Keys while the tools are open; answers whether the key was meant for them.
  key(event) {
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && letter === "z" && this.mask && !this.root.hidden) {
      if (event.shiftKey) this.mask.redo();
      else this.mask.undo();
      return true;
    }
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey) return false;
    const tool = this.tools.get(this.chosen);
    if (tool?.key?.(event.key)) { this.pane.redraw({ photo: false, overlay: false }); return true; }
    if (event.key === "[" || event.key === "]") {
      this.size(Math.round(this.radius * (event.key === "]" ? 1.25 : 0.8)) + (event.key === "]" ? 1 : 0));
      return true;
    }
    if (/^[0-9]$/.test(event.key) && Number(event.key) < this.space.classes.length) {
      this.draws(Number(event.key));
      return true;
    }
    return false;
  }

  // The class under the cursor is the one to draw.
  pick(id) { if (id < this.space.classes.length) this.draws(id); }

  toggle() { if (!this.root.hidden) this.root.open = !this.root.open; }

  tell(words, choices = []) {
    byId("correction-state").textContent = words;
    byId("correction-choices").replaceChildren(...choices.map(([label, act]) => element(
      "button", { type: "button", onclick: () => { byId("correction-choices").replaceChildren(); act(); } }, label)));
  }
}

// A version that only says that the correction was deleted.
function isDeleted(label) { return label.correction.person === undefined; }
