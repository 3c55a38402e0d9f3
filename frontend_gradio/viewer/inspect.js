// Inspect: one label beside its photo; decide with a key, go on with an arrow.
import { getJson, openLabel, prefetch, review, veto, vetoInRound } from "./api.js";
import { Claim } from "./claim.js";
import { Toolbox } from "./correction/toolbox.js";
import { byId, chip, element, percent, query, say, setQuery, shown, whenPresent } from "./dom.js";
import { Draft } from "./draft.js";
import { Keymap } from "./keymap.js";
import { LabelList } from "./label_list.js";
import { arrange, following, onLayout } from "./layouts.js";
import { firstLabelId, inReview, nextFree } from "./next_label.js";
import { Picture } from "./picture.js";
import { reviewList } from "./review_list.js";
import { WaitingDecisions } from "./waiting_decisions.js";
import { drop, goToWorst, keepAll } from "./worst.js";

const LAYOUTS = ["side", "stack", "single"];
const LABELLING = "labelling";
const RETRY_MS = 4000;
const NONE_FREE = "No unreviewed label is left that nobody else is looking at.";

class Inspect {
  constructor() {
    this.label = null;
    this.space = null;
    this.opening = 0;
    this.busy = false;
    this.picture = new Picture({ veto: (id, everywhere) => (everywhere ? this.vetoInRound(id) : this.veto(id)) });
    this.toolbox = new Toolbox(byId("correct"), this.picture.right, {
      rule: () => this.picture.legend.rule(),
      stored: () => this.picture.stored,
      changed: () => this.picture.corrected(),
      saved: (id, correction) => this.strip.mark(id, { corrected: Boolean(correction) }),
    });
    this.strip = new LabelList(byId("strip"), {
      link: (label) => `${window.STUDIO.ui}/inspect?label=${label.id}`, open: (id) => this.open(id),
    });
    this.draft = new Draft(byId("comment"), byId("draft-note"));
    this.claim = new Claim(byId("claim-note"), (id) => this.reread(id));
    this.waiting = new WaitingDecisions({ tell: say, sent: (label, comment) => this.arrived(label, comment) });
    this.listen();
  }

  roundId() { return this.round?.id ?? null; }

  listen() {
    onLayout((layout) => this.lay(layout, true));
    this.lay(query("panes") ?? localStorage.getItem("studio-panes") ?? "side");
    const { toolbar, legend } = this.picture;
    this.keymap = new Keymap("inspect", byId("help"), {
      ...toolbar.keys(this.picture.right),
      accept: () => this.decide("accept"),
      reject: () => this.decide("reject"),
      skip: () => this.decide("skip"),
      reset: () => this.decide("reset"),
      layout: () => this.lay(following(LAYOUTS, this.layout), true),
      next: () => this.go(1, false),
      previous: () => this.go(-1, false),
      "next-free": () => this.go(1, true),
      "previous-free": () => this.go(-1, true),
      "threshold-down": () => legend.step(-4),
      "threshold-up": () => legend.step(4),
      correct: () => this.toolbox.toggle(),
      pick: () => this.pick(),
      "as-predicted": () => this.toolbox.drawAsPredicted(),
      worst: () => goToWorst(this),
      drop: () => drop(this),
      "keep-all": () => keepAll(this),
    }, (event) => this.toolbox.key(event));
    byId("help-open").addEventListener("click", () => this.keymap.open());
  }

  lay(layout, chosen = false) {
    this.layout = arrange(LAYOUTS, layout);
    localStorage.setItem("studio-panes", this.layout);
    if (chosen) setQuery({ panes: this.layout });
    this.picture.viewport.changed();
  }

  // The address names a label, a round or nothing. False when there is nothing to show yet.
  async begin() {
    const id = Number(query("label")) || (await firstLabelId(query("round")));
    byId("nothing").hidden = Boolean(id);
    if (id) await this.open(id);
    // Not before: the label might be read just before a decision on it arrives.
    shown(() => this.waiting.send());
    return Boolean(id);
  }

  async open(id) {
    const turn = ++this.opening;
    this.strip.select(id);
    const label = await shown(() => openLabel(id));
    // Someone may have moved on while this one was loading.
    if (!label || turn !== this.opening) return;
    this.label = label;
    this.draft.open(label);
    this.strip.update(label);
    setQuery({ label: id, round: null });
    if (this.round?.id !== label.round_id) await this.openRound(label);
    this.claim.hold(inReview(this.round) ? id : null);
    this.picture.show(label, this.space, this.round.vetoed_classes);
    this.describe();
    say("");
    shown(() => this.toolbox.open(label, this.space, this.picture.colours(), inReview(this.round)));
    for (const step of [1, -1]) this.strip.neighbour(id, step).then((next) => prefetch(next?.id));
  }

  // Whoever looked at the label has left it, perhaps with a decision: shown, and said to be new.
  async reread(id) {
    const label = await shown(() => openLabel(id));
    if (!label || this.label.id !== id || this.busy || label.version === this.label.version) return;
    label.drawn = this.label.drawn;
    this.label = label;
    this.strip.update(label);
    this.picture.show(label, this.space, this.round.vetoed_classes);
    this.describe();
    const last = label.reviews.at(-1);
    say(`${last.reviewer} has decided meanwhile: ${label.status}.`);
    await shown(() => this.refreshRound());
  }

  async openRound(label) {
    [this.run, this.round] = await Promise.all([
      getJson(`/runs/${label.run_id}`), getJson(`/rounds/${label.round_id}`),
    ]);
    this.space = this.run.class_space;
    // The picture does not wait for its neighbours.
    shown(() => this.strip.load(label.round_id)).then(() => this.strip.select(this.label.id));
    this.showApproval();
  }

  async refreshRound() {
    this.round = await getJson(`/rounds/${this.label.round_id}`);
    this.showApproval();
  }

  showApproval() {
    const { state, label_count: count, reviews } = this.round;
    const button = byId("approve-round");
    button.disabled = state !== "reviewing";
    button.textContent = `Approve round (${count - reviews.rejected} of ${count})`;
    button.title = state === "reviewing"
      ? `${reviews.accepted} accepted, ${reviews.rejected} rejected, ${reviews.unreviewed} unreviewed`
      : `The round is ${state}; only a round in review can be approved.`;
  }

  // The class under the cursor becomes the one to draw.
  pick() {
    const id = this.picture.classUnderCursor();
    if (id !== null) this.toolbox.pick(id);
  }

  list(filter) { return shown(() => this.strip.load(this.round.id, filter)); }

  async go(step, unreviewedOnly) {
    if (!this.label) return;
    if (unreviewedOnly && step > 0 && this.isLed()) {
      if (!(await this.goToFree())) say(NONE_FREE);
      return;
    }
    const wanted = (item) => !unreviewedOnly || item.status === "unreviewed";
    // From the label last asked for, which may still be loading.
    const next = await this.strip.neighbour(this.strip.selected, step, wanted);
    if (next) await this.open(next.id);
    else say(step > 0 ? "This is the last label of the list." : "This is the first label of the list.");
  }

  // People who review are led to different labels, unless they look through a list of decided ones.
  isLed() { return inReview(this.round) && this.claim.allowed && ["", "unreviewed"].includes(this.strip.filter.status); }

  // Opens the next label for this person alone; false when there is none.
  async goToFree() {
    const next = await shown(() => nextFree(this.round.id, this.strip.filter.sort, this.strip.selected));
    if (!next) return next === undefined;
    await this.open(next.id);
    await this.strip.reveal(next.id);
    return true;
  }

  // After a decision: on through the unreviewed labels, or to the neighbour when an old one was revised.
  async goOn(before) {
    if (before !== "unreviewed" || !this.isLed()) await this.go(1, false);
    else if (!(await this.goToFree())) return NONE_FREE;
    return "";
  }

  async decide(decision) {
    // While another label is loading a decision could hit one that is no longer meant.
    if (!this.label || this.busy || this.strip.selected !== this.label.id) return;
    this.busy = true;
    const label = this.label;
    const { status: before } = label;
    const comment = this.draft.text;
    try {
      await this.draft.settle();
      const updated = await review(label, decision, comment);
      this.draft.sent(label.id, comment);
      this.strip.update(updated);
      if (this.label.id === updated.id) {
        Object.assign(this.label, updated);
        this.describe();
      }
      const stays = decision === "reset" || this.strip.selected !== label.id;
      const further = stays ? "" : await this.goOn(before);
      // A decision ends the claim; who stays keeps looking.
      if (this.label.id === label.id) this.claim.renew();
      await this.refreshRound();
      say(`${label.name}: ${updated.status}. ${further}`.trim());
    } catch (error) {
      if (!(await this.waiting.keepReview(error, label, decision, comment))) await this.refused(error);
    } finally {
      this.busy = false;
    }
  }

  // A decision that had waited for the API has reached it.
  arrived(updated, comment) {
    if (comment !== null) this.draft.sent(updated.id, comment);
    this.strip.update(updated);
    if (this.label?.id !== updated.id) return;
    Object.assign(this.label, updated);
    this.picture.reread();
    this.picture.repaint();
    this.describe();
    shown(() => this.refreshRound());
  }

  // 412: someone else was faster. Their decision is shown; ours is not repeated without a look.
  async refused(error) {
    this.draft.refused();
    if (error.status === 412) await this.open(this.label.id);
    say(error.message + (this.draft.text ? " Your comment is kept." : ""), true);
    if (error.status === undefined) throw error;
  }

  // This class's pixels are not trained on in this image, or are again. A decision like any other.
  async veto(id) {
    if (!this.label || this.busy) return;
    this.busy = true;
    const { label } = this;
    const before = new Set(label.vetoed_classes);
    if (!before.delete(id)) before.add(id);
    const classes = [...before].sort((a, b) => a - b);
    try {
      const updated = await veto(label, classes);
      Object.assign(label, updated);
      this.strip.update(updated);
      this.picture.reread();
      this.picture.repaint();
      this.describe();
      const name = this.space.classes[id];
      say(label.vetoed_classes.includes(id) ? `${name} is not trained on in this image.` : `${name} is trained on again.`);
    } catch (error) {
      if (!(await this.waiting.keepVeto(error, label, classes))) await this.refused(error);
    } finally {
      this.busy = false;
    }
  }

  // The same in every image of the round.
  async vetoInRound(id) {
    const before = new Set(this.round.vetoed_classes);
    if (!before.delete(id)) before.add(id);
    const round = await shown(() => vetoInRound(this.round.id, [...before].sort((a, b) => a - b)));
    if (!round) return;
    this.round = round;
    this.picture.show(this.label, this.space, round.vetoed_classes);
    const name = this.space.classes[id];
    say(before.has(id) ? `${name} is not trained on in this round.` : `${name} is trained on in this round again.`);
  }

  describe() {
    const { label } = this;
    const others = label.same_image.filter((other) => other.id !== label.id);
    const compare = others.at(-1);
    const parts = [
      element("div", { class: "vw-status", id: "label-status", "data-status": label.status },
        chip(label.status), element("span", { class: "st-muted" },
          element("a", { href: `${window.STUDIO.ui}/round?round=${label.round_id}` }, `round ${label.round_number}`),
          `, ${label.order + 1} of ${this.round.label_count}`)),
      element("h1", { id: "label-name", title: label.name }, label.name),
      element("p", { class: "st-facts" },
        element("span", {}, `kept ${percent(label.kept_share)}`),
        element("span", {}, `${label.width} × ${label.height}`),
        compare ? element("a", { id: "compare-link",
          href: `${window.STUDIO.ui}/compare?left=${Math.min(compare.id, label.id)}&right=${Math.max(compare.id, label.id)}`,
        }, `compare round ${compare.round_number}`) : null),
    ];
    byId("label-heading").replaceChildren(...parts);
    for (const decision of ["accept", "reject", "skip"]) {
      byId(`decide-${decision}`).classList.toggle("chosen", label.status.startsWith(decision));
    }
    byId("reviews").replaceChildren(...reviewList(label.reviews));
  }
}

export async function start() {
  await whenPresent("inspect", "legend", "reviews", "strip", "label-heading", "comment", "draft-note", "claim-note",
    "approve-round");
  const inspect = new Inspect();
  window.STUDIO.inspect = inspect;
  // Until there is a label, look again now and then: the round may just have begun.
  const look = async () => {
    if ((await shown(() => inspect.begin())) === false) setTimeout(look, RETRY_MS);
  };
  await look();
  // While the round is being labelled its state is looked at again; afterwards nothing is asked.
  inspect.strip.watch(async () => {
    if (inspect.round?.state !== LABELLING) return false;
    inspect.round = await getJson(`/rounds/${inspect.round.id}`).catch(() => inspect.round);
    inspect.showApproval();
    return true;
  });
}
