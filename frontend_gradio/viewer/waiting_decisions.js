// Decisions the API could not be told: kept in the browser, sent when it answers again, and never twice.
import { getJson, saveDraft, send } from "./api.js";

const STORED = "studio-decisions";
const UNREACHED = [0, 401, 502, 503, 504];
const FIRST_PAUSE_MS = 2000, LONGEST_PAUSE_MS = 30_000;
const STALE = 412;

// One tab after the other, where the browser can arrange that. Elsewhere the version in If-Match has to do.
const inTurn = (action) => (navigator.locks ? navigator.locks.request(STORED, action) : action());

export class WaitingDecisions {
  // `tell(words, bad)`: says where they stand. `sent(label, comment)`: the API has it now; the label's new JSON.
  constructor({ tell, sent }) {
    this.tell = tell;
    this.sent = sent;
    this.pause = FIRST_PAUSE_MS;
    // Whose decisions these are: somebody else may sign in to the same browser.
    this.person = getJson("/session").then((who) => who.name);
    this.person.catch(() => {});
    window.addEventListener("online", () => this.send());
  }

  all() { return JSON.parse(localStorage.getItem(STORED) ?? "[]"); }

  write(items) { localStorage.setItem(STORED, JSON.stringify(items)); }

  // After a failure: true when the decision is kept here, false when it is no matter of reaching the API.
  async keepReview(error, label, decision, comment) {
    return this.keep(error, label, { kind: "review", decision, comment });
  }

  async keepVeto(error, label, classes) { return this.keep(error, label, { kind: "veto", classes }); }

  async keep(error, label, what) {
    if (!UNREACHED.includes(error.status)) return false;
    const item = { ...what, person: await this.person.catch(() => null), label: label.id, name: label.name, version: label.version };
    // The last word on a label counts.
    this.write([...this.all().filter((other) => other.label !== item.label || other.kind !== item.kind), item]);
    this.tell(`${error.message} “${wordsOf(item)}” on ${item.name} is kept in this browser and sent as soon as it can be.`, true);
    this.later();
    return true;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  async send() {
    if (!this.all().length) return;
    const person = await this.person.catch(() => null);
    await inTurn(async () => {
      for (const item of this.all().filter((one) => one.person === person)) {
        if (!(await this.deliver(item))) return this.later();
        this.write(this.all().filter((other) => JSON.stringify(other) !== JSON.stringify(item)));
        this.pause = FIRST_PAUSE_MS;
      }
      return undefined;
    });
  }

  // False: not reached, to be tried again.
  async deliver(item) {
    try {
      const label = await (await request(item)).json();
      this.sent(label, item.comment ?? null);
      this.tell(`“${wordsOf(item)}” on ${item.name} was sent.`);
      return true;
    } catch (error) {
      if (error.status === undefined) throw error;
      if (UNREACHED.includes(error.status)) return false;
      return error.status === STALE ? this.settle(item) : this.refuse(item, error.message);
    }
  }

  // The label has changed since: by this very decision, whose answer was lost, or by somebody else's.
  async settle(item) {
    const label = await getJson(`/labels/${item.label}`).catch(() => null);
    if (!label) return false;
    if (isThere(item, label)) {
      this.sent(label, item.comment ?? null);
      this.tell(`“${wordsOf(item)}” on ${item.name} was sent.`);
      return true;
    }
    const last = label.reviews.at(-1);
    return this.refuse(item, `${last?.reviewer ?? "somebody"} has decided meanwhile: ${label.status}.`);
  }

  async refuse(item, why) {
    if (item.comment) await saveDraft(item.label, item.comment).catch(() => {});
    const kept = item.comment ? " Your comment is kept as a draft." : "";
    this.tell(`“${wordsOf(item)}” on ${item.name} was not taken: ${why}${kept}`, true);
    return true;
  }
}

function request(item) {
  const headers = { "Content-Type": "application/json", "If-Match": `"${item.version}"` };
  if (item.kind === "veto") {
    return send(`/labels/${item.label}/vetoes`, { method: "PUT", headers, body: JSON.stringify({ classes: item.classes }) });
  }
  const body = JSON.stringify({ decision: item.decision, comment: item.comment });
  return send(`/labels/${item.label}/review`, { method: "POST", headers, body });
}

function isThere(item, label) {
  if (label.version !== item.version + 1) return false;
  const last = label.reviews.at(-1);
  if (last?.reviewer !== item.person) return false;
  if (item.kind === "veto") return JSON.stringify(label.vetoed_classes) === JSON.stringify(item.classes);
  return last.decision === item.decision && last.comment === item.comment;
}

function wordsOf(item) { return item.kind === "veto" ? "vetoes" : item.decision; }
