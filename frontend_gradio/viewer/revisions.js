// Revisions of a round: what is tried becomes its labels, and earlier ones become them again. The API queues a job
// that works over what is stored; until it is done nothing has changed.
import { getJson, send } from "./api.js";
import { byId, element, percent } from "./dom.js";
import { PATIENCE_MS, isUnderWay, progressOf } from "./job_progress.js";
import { asks } from "./question.js";
import { redraw } from "./refresh.js";

export function nameOf(number) { return number === 0 ? "as made" : `revision ${number}`; }

export function revisionsOf(roundId) { return getJson(`/rounds/${roundId}/revisions`); }

// What the present labels follow, where it is not what the run has.
export function settingsOf(revisions) {
  const changes = revisions.find((revision) => revision.current)?.changes ?? {};
  return Object.fromEntries(Object.entries(changes).filter(
    ([name, value]) => value !== null && !(name === "order" && value === "labelled")));
}

// The settings of a revision in words; "" when they are the run's.
export function wordsOf(changes, classes) {
  const words = [["alpha", "α"], ["beta", "β"], ["gamma", "γ"], ["initial_threshold", "first θ"]]
    .filter(([name]) => (changes[name] ?? null) !== null).map(([name, letter]) => `${letter} ${changes[name]}`);
  for (const [id, [low, high]] of Object.entries(changes.threshold_bounds ?? {})) {
    words.push(`${classes[id]} θ ${low} to ${high}`);
  }
  if (changes.threshold_bounds && !Object.keys(changes.threshold_bounds).length) words.push("no floors and caps");
  if (changes.order === "data_set") words.push("order of the data set");
  if (changes.order === "shuffled") words.push(`order of seed ${changes.seed}`);
  return words.join(", ");
}

export class Revisions {
  // `tried()`: the settings that would be applied; `applied(roundId)`: the round has other labels now.
  constructor(round, classes, { tried, applied }) {
    this.round = round;
    this.classes = classes;
    this.tried = tried;
    this.applied = applied;
    this.list = [];
    byId("wi-apply").addEventListener("click", () => this.ask());
    this.read().catch((error) => this.fail(error));
  }

  async read() {
    this.list = await revisionsOf(this.round.id);
    const before = this.round;
    this.round = await getJson(`/rounds/${this.round.id}`);
    this.show();
    if (this.list.some(({ job }) => isUnderWay(job))) {
      setTimeout(() => this.read().catch((error) => this.fail(error)), PATIENCE_MS);
    } else if (before.revision !== this.round.revision) {
      this.applied();
    }
    // The rest of the page shows the same round.
    if (before.state !== this.round.state || before.revision !== this.round.revision) redraw();
  }

  // Whether there is something to apply, and if not, why.
  refresh() {
    const { state } = this.round;
    const same = JSON.stringify(sorted(this.tried())) === JSON.stringify(sorted(settingsOf(this.list)));
    const button = byId("wi-apply");
    button.disabled = state !== "reviewing" || same;
    button.title = state !== "reviewing" ? `The round is ${state}; only a round in review can be revised.`
      : same ? "These are the settings the labels have. Change one first." : "";
  }

  show() {
    byId("wi-revisions").replaceChildren(...(this.list.length ? [this.table()] : []));
    this.refresh();
  }

  table() {
    const heads = ["Labels", "settings", "kept", "by", "why", "state"];
    return element("table", { class: "st-table dense" },
      element("thead", {}, element("tr", {}, ...heads.map((words) => element("th", { class: words === "kept" ? "num" : "" }, words)))),
      element("tbody", {}, ...this.list.map((revision) => this.row(revision))));
  }

  row(revision) {
    const { number, current, changes, label_set: labels, job, person, comment } = revision;
    return element("tr", { id: `wi-revision-${number}` },
      element("td", {}, element("b", {}, nameOf(number))),
      element("td", {}, wordsOf(changes, this.classes) || "as the run has it"),
      element("td", { class: "num" }, labels ? percent(labels.kept_share) : "–"),
      element("td", {}, number ? person : ""), element("td", {}, comment),
      element("td", {}, current ? "present labels" : this.action(number, job)));
  }

  action(number, job) {
    if (isUnderWay(job)) return progressOf(job);
    const failed = job?.state === "failed" ? element("span", { class: "st-error" }, `${job.error} `) : null;
    return element("span", {}, failed, element("button", {
      type: "button", class: "st-button", id: `wi-apply-${number}`, disabled: this.round.state !== "reviewing",
      onclick: () => this.apply(number) }, "Apply"));
  }

  async ask() {
    if (!(await this.agreed("Make these the labels"))) return;
    const body = { changes: this.tried(), comment: byId("wi-comment").value };
    await this.send("", body);
  }

  async apply(number) {
    if (await this.agreed(`Apply ${nameOf(number)}`)) await this.send(`/${number}/apply`);
  }

  agreed(yes) {
    const { number, label_count: count, reviews } = this.round;
    return asks(`Revise the labels of round ${number}?`,
      `What is kept of ${count} images is decided anew; predictions and confidences stay. ${reviews.accepted
        ? `Of ${reviews.accepted} accepted labels those that change are to be looked at again; rejections` : "Rejections"
      }, vetoes and corrections stay. Meanwhile nobody can decide. Earlier labels can be applied again.`, yes);
  }

  async send(path, body = undefined) {
    try {
      await send(`/rounds/${this.round.id}/revisions${path}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
      byId("wi-comment").value = "";
      await this.read();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    byId("wi-revisions").prepend(element("p", { class: "st-error", role: "alert" }, error.message));
    if (error.status === undefined) throw error;
  }
}

function sorted(changes) { return Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1)); }
