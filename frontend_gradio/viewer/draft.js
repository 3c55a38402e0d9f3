// The comment field: what is written is saved while it is written, and comes back with the label.
import { saveDraft } from "./api.js";

const SAVE_MS = 600;
const RETRY_MS = 5000;

export class Draft {
  // `container` holds the field, `note` tells in a word where what is written stands.
  constructor(container, note) {
    this.container = container;
    this.note = note;
    this.id = null;
    this.unsaved = new Map(); // label id -> text the API does not have yet
    this.writing = false;
    this.turn = Promise.resolve();
    container.addEventListener("input", () => { if (!this.writing) this.typed(); });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.save(); });
    // The page ends here: its last words are sent at once and outlive it.
    window.addEventListener("pagehide", () => {
      for (const [id, text] of this.unsaved) saveDraft(id, text).catch(() => {});
    });
  }

  get field() { return this.container.querySelector("textarea, input"); }

  get text() { return this.field.value; }

  // Shows what was written about this label. Opened again, it keeps what the field holds.
  open(label) {
    if (label.id === this.id) return;
    this.save();
    this.id = label.id;
    this.write(this.unsaved.get(label.id) ?? label.draft);
    this.say(this.text ? "draft restored" : "");
  }

  typed() {
    if (this.id === null) return;
    this.unsaved.set(this.id, this.text);
    this.say("");
    this.saveIn(SAVE_MS);
  }

  saveIn(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  save() {
    clearTimeout(this.timer);
    this.turn = this.turn.then(async () => {
      for (const [id, text] of [...this.unsaved]) await this.send(id, text);
    });
    return this.turn;
  }

  async send(id, text) {
    try {
      await saveDraft(id, text);
    } catch (error) {
      if (id === this.id) this.say(`not saved: ${error.message}`, true);
      // A refusal would only be repeated; an API that is away comes back.
      if (error.status === 0 || error.status >= 500) this.saveIn(RETRY_MS);
      return;
    }
    if (this.unsaved.get(id) !== text) return;
    this.unsaved.delete(id);
    if (id === this.id) this.say("saved");
  }

  // Before a decision: no draft is on its way that could arrive behind it.
  settle() {
    clearTimeout(this.timer);
    return this.turn;
  }

  // The comment went with a decision on the label.
  sent(id, comment) {
    if (this.unsaved.get(id) === comment) this.unsaved.delete(id);
    if (id !== this.id || this.text !== comment) return;
    this.write("");
    this.say("");
  }

  // The decision was refused: what is written is saved as before.
  refused() { if (this.unsaved.size) this.saveIn(SAVE_MS); }

  write(words) {
    this.writing = true;
    this.field.value = words;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.writing = false;
  }

  say(words, bad = false) {
    this.note.textContent = words;
    this.note.classList.toggle("st-error", bad);
  }
}
