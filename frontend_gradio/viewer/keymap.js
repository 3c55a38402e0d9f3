// What the keyboard does, in one list: the help shows it, and people may choose other keys.
import { element } from "./dom.js";

const STORED = "studio-keys";
const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

// [action, key, words, pages it is for]. Keys as KeyboardEvent.key names them; letters are lower case.
export const ACTIONS = [
  ["accept", "a", "accept the label", "inspect"],
  ["reject", "r", "reject the label", "inspect"],
  ["skip", "s", "skip the label", "inspect"],
  ["reset", "u", "take the decision back", "inspect"],
  ["next", "ArrowRight", "next label", "inspect compare"],
  ["previous", "ArrowLeft", "previous label", "inspect compare"],
  ["next-free", "Shift+ArrowRight", "next unreviewed label that nobody else looks at", "inspect"],
  ["previous-free", "Shift+ArrowLeft", "previous unreviewed label", "inspect"],
  ["peek", " ", "hold: the bare photo", "inspect compare"],
  ["overlay", "h", "overlay on or off", "inspect compare"],
  ["contours", "c", "contours", "inspect compare"],
  ["layout", "v", "arrangement of the panes", "inspect compare"],
  ["correct", "e", "correct: tools on or off", "inspect"],
  ["pick", "i", "draw the class under the cursor", "inspect"],
  ["as-predicted", "p", "draw what the network predicted: a forced keep", "inspect"],
  ["worst", "w", "where the class under the cursor, or in focus, is least sure", "inspect"],
  ["drop", "d", "leave the class in focus out of this image, or take it in again", "inspect"],
  ["keep-all", "k", "keep all of the class in focus, or under the cursor, in this image", "inspect"],
  ["threshold-down", ",", "lower θ of the class whose slider is open", "inspect"],
  ["threshold-up", ".", "raise θ of the class whose slider is open", "inspect"],
  ["swap", "x", "swap left and right", "compare"],
  ["flicker", "b", "hold: the other side", "compare"],
  ["fit", "Escape", "fit the image", "inspect compare"],
  ["one-to-one", "z", "one image pixel per screen pixel", "inspect compare"],
  ["zoom-in", "+", "zoom in", "inspect compare"],
  ["zoom-out", "-", "zoom out", "inspect compare"],
  ["help", "?", "these keys", "inspect compare"],
].map(([id, key, words, pages]) => ({ id, key, words, pages: pages.split(" ") }));
const HELD = new Set(["peek", "flicker"]);
const REPEATED = /^(Arrow|Shift\+Arrow)|^[,.+-]$/;

export function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.shiftKey && event.key.length > 1 ? `Shift+${key}` : key;
}

function words(key) {
  return key.replace(" ", "Space").replace("ArrowRight", "→").replace("ArrowLeft", "←").replace("Escape", "Esc")
    .split(/(?<=.)\+/).map((part) => (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}

export class Keymap {
  // `handlers`: action -> function(event); a held action gets true, and false when the key is let go.
  // `dialog`: the help. `first(event)`: somebody who may take a key before everyone else (the open tools).
  constructor(page, dialog, handlers, first = () => false) {
    this.actions = ACTIONS.filter((action) => action.pages.includes(page));
    this.dialog = dialog;
    this.handlers = { ...handlers, help: () => this.open() };
    this.first = first;
    this.chosen = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("keyup", (event) => this.released(event));
    window.addEventListener("blur", () => this.release());
    this.held = null;
  }

  get singleKeys() { return this.chosen["single-keys"] !== false; }

  keyOf(action) { return this.chosen[action.id] ?? action.key; }

  actionOf(key) { return this.actions.find((action) => this.keyOf(action) === key); }

  pressed(event) {
    if (event.defaultPrevented || event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    if (isAsking()) return;
    if (this.first(event)) { event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = nameOf(event);
    const onControl = event.target.closest?.("button, a, input, [role=button], [role=tab]");
    if (onControl && (key === " " || key === "Enter" || (key.startsWith("Arrow") && event.target.matches("input")))) return;
    const action = this.actionOf(key);
    if (!action && /^[0-9]$/.test(key) && this.singleKeys) { this.handlers.digit?.(Number(key)); return; }
    if (!action || (key.length === 1 && !this.singleKeys && action.id !== "help")) return;
    event.preventDefault();
    if (event.repeat && !REPEATED.test(key)) return;
    if (HELD.has(action.id)) { this.held = action.id; this.handlers[action.id]?.(true); }
    else this.handlers[action.id]?.(event);
  }

  released(event) { if (this.held && this.actionOf(nameOf(event))?.id === this.held) this.release(); }

  release() {
    if (this.held) this.handlers[this.held](false);
    this.held = null;
  }

  open() {
    this.draw();
    this.dialog.showModal();
  }

  draw() {
    const row = (action) => [element("dt", {}, capital(action.words)), element("dd", {}, element(
      "button", { type: "button", class: "vw-kbd", "aria-label": `key for: ${action.words}`,
        onclick: (event) => this.ask(action, event.currentTarget) }, words(this.keyOf(action))))];
    const single = element("input", { type: "checkbox", id: "single-keys", checked: this.singleKeys,
      onchange: (event) => this.choose("single-keys", event.target.checked) });
    const done = element("form", { method: "dialog" },
      element("button", { type: "button", onclick: () => { this.chosen = {}; this.save(); this.draw(); } }, "Restore defaults"),
      element("button", { autofocus: true }, "Close"));
    this.dialog.replaceChildren(
      element("h2", { id: "help-title" }, "Keys"),
      element("p", { class: "st-muted" }, "Choose a key to change it. Wheel zooms, dragging pans."),
      element("dl", { class: "vw-keys" }, ...this.actions.flatMap(row),
        element("dt", {}, "Layer, left to right"), element("dd", {}, element("kbd", {}, "1 … 9  0"))),
      element("label", { class: "vw-check" }, single, "Single keys act (off: only those with Shift, arrows, Esc and ?)"),
      element("p", { id: "key-note", class: "st-muted", role: "status" }), done);
  }

  ask(action, button) {
    button.textContent = "press a key";
    const listen = (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      document.removeEventListener("keydown", listen, true);
      const key = nameOf(event);
      const other = this.actionOf(key);
      if (key !== "Tab" && (!other || other === action)) this.choose(action.id, key);
      this.draw();
      const note = other && other !== action ? `${words(key)} is taken: ${other.words}.` : "";
      document.getElementById("key-note").textContent = note;
    };
    document.addEventListener("keydown", listen, true);
  }

  choose(id, value) {
    this.chosen[id] = value;
    this.save();
  }

  save() { localStorage.setItem(STORED, JSON.stringify(this.chosen)); }
}

function capital(text) { return text[0].toUpperCase() + text.slice(1); }

// The approval question is a Gradio column that exists only while it is open.
function isAsking() { return Boolean(document.querySelector("#approval:not(.hide)")?.offsetParent); }
