// Who is looking at the open label. A claim leads others to other labels; it forbids nothing.
import { claimLabel, getJson, letLabelGo } from "./api.js";

const RENEW_MS = 45_000;
const FORBIDDEN = 403;
const HELD = 409;

export class Claim {
  // `note`: where somebody else's claim is told; `freed(id)`: it has ended and the label is ours now.
  constructor(note, freed) {
    this.note = note;
    this.freed = freed;
    this.id = null;
    this.other = null;
    this.allowed = true;
    this.turn = Promise.resolve();
    setInterval(() => this.renew(), RENEW_MS);
    document.addEventListener("visibilitychange", () => this.renew());
    window.addEventListener("pagehide", () => this.release(this.id));
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.renew(); });
  }

  // Claims label `id` (null: none) and lets the one before go.
  hold(id) {
    if (id !== this.id) {
      const before = this.id;
      this.turn = this.turn.then(() => this.release(before));
      this.id = id;
      this.show(null);
    }
    return this.renew();
  }

  // Requests follow one another, so that letting go never overtakes the claim it ends.
  renew() {
    const { id } = this;
    if (!document.hidden) this.turn = this.turn.then(() => this.ask(id));
    return this.turn;
  }

  async ask(id) {
    if (id === null || id !== this.id || !this.allowed) return;
    let other = null;
    try {
      await claimLabel(id);
    } catch (error) {
      // Without a claim one can look and decide all the same, so nothing is said of other failures.
      if (error.status === FORBIDDEN) this.allowed = false;
      if (error.status !== HELD) return;
      other = (await getJson(`/labels/${id}`).catch(() => ({}))).claim ?? null;
    }
    if (id !== this.id) return;
    const waited = this.other !== null && other === null;
    this.show(other);
    if (waited) this.freed(id);
  }

  release(id) {
    if (id === null || !this.allowed) return undefined;
    return letLabelGo(id).catch(() => {});
  }

  show(other) {
    this.other = other;
    this.note.hidden = other === null;
    if (!other) return;
    const until = new Date(other.expires_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.note.textContent = `${other.person} is looking at this until ${until}`;
  }
}
