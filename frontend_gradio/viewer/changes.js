// What became of every class since the round before, counted over all images by a job that somebody asks for.
import { getJson, newestRound, send } from "./api.js";
import { byId, element, percent, query, whenPresent } from "./dom.js";
import { PATIENCE_MS, isUnderWay, progressOf } from "./job_progress.js";

const LISTED = 6;
const COLUMNS = [
  ["kept before", "before", "Kept in the round before"], ["kept now", "now", "Kept in this round"],
  ["gained", "gained", "Ignored before, kept now"], ["dropped", "dropped", "Kept before, ignored now"],
  ["flipped from", "flipped_from", "Kept as this class before, as another one now"],
  ["flipped to", "flipped_to", "Kept as another class before, as this one now"],
  ["by model", "by_model", "Changed because the network says something else"],
  ["by θ", "by_threshold", "Changed because the threshold is another one"],
  ["by both", "by_both", "Neither alone would have changed them so"],
  ["to and fro", "oscillating", "As two rounds before, and not as in the round between"],
];

class Changes {
  constructor(round, run) {
    this.round = round;
    this.run = run;
    this.read();
  }

  async read() {
    try {
      const { job, report } = await getJson(`/rounds/${this.round.id}/changes`);
      const underWay = isUnderWay(job);
      if (report) await this.show(report);
      else this.offer(underWay ? job : null, job?.state === "failed" ? job.error : "");
      if (underWay) setTimeout(() => this.read(), PATIENCE_MS);
    } catch (error) {
      this.offer(null, error.message);
      if (error.status === undefined) throw error;
    }
  }

  offer(job, error) {
    const count = this.round.image_count;
    const button = element("button", { type: "button", class: "st-button", id: "count-changes", disabled: Boolean(job),
      onclick: () => this.ask() }, `Count over all ${count.toLocaleString("en")} images`);
    const note = job ? progressOf(job)
      : element("span", {}, "exactly, with what the network and what the thresholds changed, and pixels that go to and fro");
    byId("changes-body").replaceChildren(element("p", { class: "st-facts" }, button, note),
      ...(error ? [element("p", { class: "st-error", role: "alert" }, error)] : []));
  }

  async ask() {
    try {
      await send(`/rounds/${this.round.id}/changes`, { method: "POST" });
    } catch (error) {
      this.offer(null, error.message);
      if (error.status === undefined) throw error;
      return;
    }
    await this.read();
  }

  async show(report) {
    const { classes, colours } = this.run.class_space;
    // Nothing can have come back before there are three rounds.
    const columns = COLUMNS.filter(([, name]) => name !== "oscillating" || this.round.number > 2);
    const total = (name) => report.classes.reduce((sum, row) => sum + row[name], 0);
    const number = (value) => element("td", { class: "num" }, value ? value.toLocaleString("en") : "–");
    const rows = report.classes.map((row, id) => element("tr", { id: `changes-${id}` },
      element("td", {}, element("i", { class: "st-swatch", style: `background:rgb(${colours[id].join(",")})` }), classes[id]),
      ...columns.map(([, name]) => number(row[name]))));
    const changed = total("gained") + total("dropped") + total("flipped_to");
    const share = (part) => percent(part / Math.max(1, changed), 0);
    const body = [
      element("p", { class: "st-facts", id: "changes-summary" },
        element("b", {}, `Over all ${report.images.toLocaleString("en")} images`),
        element("span", {}, `${percent(changed / report.pixels)} of the pixels changed`),
        element("span", {}, `${share(total("by_model"))} by the network, ${share(total("by_threshold"))} by θ, `
          + `${share(total("by_both"))} by both`),
        this.round.number > 2 ? element("span", {}, `${percent(total("oscillating") / report.pixels, 2)} go to and fro`) : null),
      element("div", { class: "wi-table", tabindex: 0, role: "region", "aria-label": "Changes of every class" },
        element("table", { class: "st-table dense named", id: "changes-table" },
          element("thead", {}, element("tr", {}, element("th", {}, "Class"),
            ...columns.map(([words, , title]) => element("th", { class: "num", title }, words)))),
          element("tbody", {}, ...rows))),
    ];
    byId("changes-body").replaceChildren(...body, ...(await this.images(report)));
  }

  // The images that changed most, and those with most pixels that go to and fro, each beside what it was.
  async images(report) {
    const before = this.run.rounds.find((other) => other.number === this.round.number - 1);
    const [was, now] = await Promise.all([before, this.round].map(async ({ id }) => {
      const trail = await getJson(`/rounds/${id}/thresholds`);
      return new Map(trail.image_names.map((name, place) => [name, trail.label_ids[place]]));
    }));
    const list = (words, rows, name) => (rows.length ? [element("p", { class: "st-muted" }, words),
      element("ul", {}, ...rows.slice(0, LISTED).map((row) => element("li", {},
        element("a", { href: `${window.STUDIO.ui}/compare?left=${was.get(row.name)}&right=${now.get(row.name)}&layer=cause` },
          row.name), ` ${percent(row[name] / row.pixels)}`)))] : []);
    return [element("div", { class: "wi-columns", id: "changes-images" },
      element("div", {}, ...list("Images that changed most, each beside what it was:", report.most_changed, "changed")),
      element("div", {}, ...list("Most pixels that go to and fro:", report.most_oscillating, "oscillating")))];
  }
}

export async function start() {
  await whenPresent("changes-body");
  const id = query("round") ?? (await newestRound())?.id;
  if (!id) return;
  const round = await getJson(`/rounds/${id}`);
  if (round.number === 1 || !round.label_set) return;
  window.STUDIO.changes = new Changes(round, await getJson(`/runs/${round.run_id}`));
}
