// Saves what is drawn a moment after each stroke. What the API does not have yet is kept in the browser as well, so that
// a closed tab, a crash or a broken network loses nothing.
import { send } from "../api.js";
import { greyPng } from "../png_writer.js";
import { askForCorrection, idsOf } from "./stored.js";

const SAVE_MS = 800;
const LONGEST_PAUSE_MS = 30_000;
const STALE = 412;
const UNREACHED = [0, 502, 503, 504];

// Whose unsent work: somebody else may sign in to the same browser.
let name = null;
function person() {
  name ??= send("/session").then((response) => response.json()).then((who) => who.name);
  return name;
}

// The digest is the label's own, in whichever studio: work never turns up over another label of the same number.
async function keyOf(label) { return `${await person()} ${label.layers_digest}`; }

// A store of the browser: key -> { version, png }.
function unsent(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("studio", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("corrections");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const request = act(opening.result.transaction("corrections", mode).objectStore("corrections"));
      request.onsuccess = () => { opening.result.close(); resolve(request.result); };
      request.onerror = () => { opening.result.close(); reject(request.error); };
    };
  });
}
async function keep(label, work) {
  const key = await keyOf(label);
  return unsent("readwrite", (store) => store.put(work, key));
}
async function forget(label) {
  const key = await keyOf(label);
  return unsent("readwrite", (store) => store.delete(key));
}
async function kept(label) {
  const key = await keyOf(label);
  return unsent("readonly", (store) => store.get(key));
}

// Nothing was drawn when the label was opened: the version to go on from, which counts what was deleted before.
async function versionOfNothing(label) {
  const { version, png } = await askForCorrection(label);
  if (png) throw Object.assign(new Error("somebody else has drawn"), { status: STALE });
  return version;
}

export class CorrectionSaving {
  // `state(words, choices)`: tell where the work stands; choices: [[words, action]]. `saved(label id, correction)`: the
  // API has it now; null when it was deleted.
  constructor({ state, saved }) {
    this.state = state;
    this.saved = saved;
    this.label = null;
    this.mask = null;
    this.timer = 0;
    this.turn = Promise.resolve();
    window.addEventListener("pagehide", () => this.flush());
  }

  // What was drawn and has not reached the API: ids, or null. After it `follow` takes over.
  async unsentWork(label) {
    const work = await kept(label).catch(() => null);
    return work ? { version: work.version, ids: await idsOf(work.png) } : null;
  }

  // From here on changes of `mask` belong to `label`. `work`: unsent work the mask already holds.
  follow(label, mask, work) {
    this.flush();
    Object.assign(this, { label, mask, version: label.correction?.version ?? null, pause: 1000, dirty: false });
    this.state("");
    mask.onChange(() => { if (this.mask === mask) this.changed(); });
    if (work) { this.state("restored"); this.changed(); }
    if (work && work.version !== null) this.version = work.version;
  }

  changed() {
    this.dirty = true;
    this.state("…");
    this.later(SAVE_MS);
  }

  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
  }

  // Saves now, if there is anything to save. Requests follow one another.
  flush() {
    clearTimeout(this.timer);
    if (!this.dirty || !this.mask) return this.turn;
    const { label, mask, version } = this;
    this.dirty = false;
    const empty = mask.isEmpty;
    const ids = mask.ids.slice();
    this.turn = this.turn.then(() => this.store(label, mask, ids, empty, version));
    return this.turn;
  }

  async store(label, mask, ids, empty, version) {
    const png = await greyPng(ids, mask.width, mask.height);
    // Another request may have gone before this one.
    let known = this.label === label ? this.version : version;
    await keep(label, { version: known, png }).catch(() => {});
    try {
      known ??= await versionOfNothing(label);
      const correction = await this.request(label, png, empty, known);
      await forget(label).catch(() => {});
      label.correction = correction ?? { version: known + 1 };
      if (this.label === label) {
        this.version = label.correction.version;
        this.pause = 1000;
        if (!this.dirty) this.state("saved");
      }
      this.saved(label.id, correction);
    } catch (error) {
      if (this.label === label) this.failed(error);
    }
  }

  async request(label, png, empty, version) {
    const path = `/labels/${label.id}/correction`, headers = { "If-Match": `"${version}"` };
    if (!empty) {
      const sent = await send(path, { method: "PUT", body: png, headers: { ...headers, "Content-Type": "image/png" } });
      return sent.json();
    }
    if (version > 0) await send(path, { method: "DELETE", headers });
    return null;
  }

  failed(error) {
    if (error.status === undefined) throw error;
    if (error.status === STALE) { this.conflict(); return; }
    if (!UNREACHED.includes(error.status)) { this.state(`not saved: ${error.message}`); return; }
    this.dirty = true;
    this.state(`not saved, kept in this browser: ${error.message}`);
    this.later(this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  // Somebody else has drawn over the label meanwhile. Nothing is lost before a person has chosen.
  async conflict() {
    const { label, mask } = this;
    const theirs = await askForCorrection(label).catch(() => null);
    if (!theirs || this.label !== label) return;
    const take = async () => {
      const ids = theirs.png && await idsOf(theirs.png);
      await forget(label).catch(() => {});
      this.version = theirs.version;
      mask.replace(ids);
      this.dirty = false;
      clearTimeout(this.timer);
      this.state("theirs");
    };
    const mine = () => { this.version = theirs.version; this.changed(); this.flush(); };
    this.dirty = false;
    this.state("Somebody else has drawn over this label meanwhile.", [["Keep mine", mine], ["Take theirs", take]]);
  }
}
