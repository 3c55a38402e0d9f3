// What if: other settings of the selection, and at once what they would keep over the whole data set. Changes
// nothing. The answer comes from the API, which replays the round's counts; the address holds what is tried.
import { getJson, newestRound, send, tableOf } from "./api.js";
import { makeWhenOpened } from "./disclosure.js";
import { byId, element, percent, query, setQuery, whenPresent } from "./dom.js";
import { firstKeptCode } from "./drawing/kept.js";
import { openOnClick, plotly } from "./plots.js";
import { Revisions, revisionsOf, settingsOf } from "./revisions.js";

const PAUSE_MS = 120;
const MOST_CHANGED = 6;
const ORDERS = 10;
// name, words, lowest, highest, step.
const SLIDERS = [
  ["alpha", "α", "Share of a class that is kept where θ is 1", 0, 1, 0.01],
  ["beta", "β", "How much of θ stays from image to image", 0, 1, 0.01],
  ["gamma", "γ", "How much less is kept of classes with a low θ", 0, 20, 0.1],
  ["initial_threshold", "first θ", "θ of every class before the first image", 0.01, 0.99, 0.01],
];
const USABLE = { ias: ["alpha", "beta", "gamma", "initial_threshold"], ct: ["initial_threshold"], cbst: [], nt: [] };
const PLOT = {
  height: 240, margin: { l: 48, r: 8, t: 8, b: 40 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  font: { family: "system-ui, sans-serif", size: 11, color: "#7d8894" }, legend: { orientation: "h", y: 1.12 },
  xaxis: { title: { text: "image, in order" }, gridcolor: "rgba(128,138,150,0.18)", zeroline: false },
  yaxis: { title: { text: "threshold θ" }, gridcolor: "rgba(128,138,150,0.18)", zeroline: false },
};

class WhatIf {
  // `present`: the settings of the labels there are, where they are not the run's.
  constructor(round, run, trail, present) {
    this.round = round;
    this.run = run;
    this.trail = trail;
    this.own = run.spec.selection;
    this.asked = JSON.parse(query("whatif") ?? "null") ?? present;
    this.turn = 0;
    this.draw();
    this.ask();
  }

  // What is tried, without what is only asked about it.
  settings() {
    const { shuffles: _, ...settings } = this.asked;
    return settings;
  }

  // The round has other labels now.
  async revised() {
    this.trail = await getJson(`/rounds/${this.round.id}/thresholds`);
    this.asked = settingsOf(await revisionsOf(this.round.id));
    this.draw();
    this.ask();
  }

  draw() {
    const classes = this.run.class_space.classes;
    const usable = USABLE[this.own.policy];
    byId("what-if-body").replaceChildren(
      element("div", { class: "wi-settings" }, ...SLIDERS.map(([name, words, title, low, high, step]) => element(
        "label", { title }, words,
        element("input", { type: "range", id: `wi-${name}`, min: low, max: high, step, disabled: !usable.includes(name),
          value: this.asked[name] ?? this.own[name], oninput: (event) => this.set(name, Number(event.target.value)) }),
        element("output", { id: `wi-${name}-value` }))),
      element("label", { title: "In which order the images are labelled" }, "order", element(
        "select", { id: "wi-order", onchange: (event) => this.setOrder(event.target.value) },
        element("option", { value: "labelled" }, "as labelled"), element("option", { value: "data_set" }, "data set"),
        ...[1, 2, 3].map((seed) => element("option", { value: `seed ${seed}` }, `of seed ${seed}`)))),
      element("label", { title: "The same in ten other orders: how far θ depends on the order" },
        element("input", { type: "checkbox", id: "wi-band", checked: Boolean(this.asked.shuffles),
          onchange: (event) => this.set("shuffles", event.target.checked ? ORDERS : undefined) }), "order band"),
      element("button", { type: "button", id: "wi-reset", class: "st-button", onclick: () => this.reset() }, "As the run has it")),
      element("p", { class: "st-facts", id: "wi-summary", role: "status" }),
      element("p", { id: "wi-fields" }),
      element("div", { class: "wi-settings" },
        element("button", { type: "button", id: "wi-apply", class: "st-button", disabled: true }, "Make these the labels …"),
        element("input", { type: "text", id: "wi-comment", maxlength: 2000, "aria-label": "Why", placeholder: "why (optional)" })),
      element("div", { class: "wi-table", id: "wi-revisions", tabindex: 0, role: "region", "aria-label": "Revisions" }),
      element("div", { class: "wi-columns" },
        element("div", { class: "wi-table", id: "wi-table", tabindex: 0, role: "region", "aria-label": "Classes, what if" }),
        element("div", {},
          element("label", { class: "wi-of" }, "θ of", element("select", { id: "wi-class", onchange: () => this.plot() },
            ...classes.map((name, id) => element("option", { value: id }, name)))),
          element("div", { id: "wi-plot" }),
          element("div", { id: "wi-images" }))));
    this.revisions = new Revisions(this.round, classes, {
      tried: () => this.settings(), applied: () => this.revised() });
    byId("wi-order").value = this.asked.seed ? `seed ${this.asked.seed}` : this.asked.order ?? "labelled";
  }

  set(name, value) {
    if (value === undefined || (value === this.own[name])) delete this.asked[name];
    else this.asked[name] = value;
    clearTimeout(this.timer);
    this.showValues();
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  setOrder(choice) {
    delete this.asked.seed;
    const seed = choice.startsWith("seed ") ? Number(choice.slice(5)) : null;
    if (seed !== null) this.asked.seed = seed;
    this.set("order", seed !== null ? "shuffled" : choice === "labelled" ? undefined : choice);
  }

  // `which`: 0 the floor, 1 the cap.
  setBound(id, which, words) {
    const bounds = { ...(this.asked.threshold_bounds ?? this.own.threshold_bounds) };
    const pair = [...(bounds[id] ?? [0, 1])];
    pair[which] = words === "" ? which : Number(words);
    bounds[id] = pair;
    if (pair[0] === 0 && pair[1] === 1) delete bounds[id];
    const same = JSON.stringify(bounds) === JSON.stringify(this.own.threshold_bounds);
    this.set("threshold_bounds", same ? undefined : bounds);
  }

  reset() {
    this.asked = {};
    this.draw();
    this.ask();
  }

  showValues() {
    for (const [name] of SLIDERS) {
      byId(`wi-${name}-value`).textContent = String(this.asked[name] ?? this.own[name]);
    }
  }

  // What is tried, as fields of a run's spec: one a line, as Advanced and --set take them.
  fields() {
    const { asked } = this;
    const lines = SLIDERS.filter(([name]) => name in asked).map(([name]) => `selection.${name}=${asked[name]}`);
    const bounds = Object.entries(asked.threshold_bounds ?? {}).map(([id, pair]) => `${id}: [${pair.join(", ")}]`);
    if (asked.threshold_bounds) lines.push(`selection.threshold_bounds={${bounds.join(", ")}}`);
    if (asked.order === "data_set") lines.push("selection.shuffle=false");
    if (asked.order === "shuffled") lines.push(`seed=${asked.seed}`);
    return lines;
  }

  async ask() {
    const turn = ++this.turn;
    this.showValues();
    this.revisions.refresh();
    const tried = Object.keys(this.asked).length > 0;
    setQuery({ whatif: tried ? JSON.stringify(this.asked) : null });
    try {
      const response = await send(`/rounds/${this.round.id}/what-if`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(this.asked),
      });
      const told = await response.json();
      if (turn !== this.turn) return;
      this.told = told;
      this.show();
    } catch (error) {
      if (error.status === undefined) throw error;
      if (turn === this.turn) byId("wi-summary").replaceChildren(element("span", { class: "st-error" }, error.message));
    }
  }

  show() {
    const { told } = this;
    const hard = (key) => told.classes.filter((row) => row[key]).map((row) => row.name);
    const [was, now] = [hard("was_hard"), hard("hard")];
    const changed = [...now.filter((name) => !was.includes(name)).map((name) => `+${name}`),
      ...was.filter((name) => !now.includes(name)).map((name) => `−${name}`)];
    byId("wi-summary").replaceChildren(
      element("b", {}, `kept ${percent(told.was_kept_share)} → ${percent(told.kept_share)}`),
      element("span", {}, `over ${told.images} images`),
      element("span", {}, changed.length ? `hard classes: ${changed.join(", ")}` : "the same hard classes"));
    const lines = this.fields();
    byId("wi-fields").replaceChildren(...(lines.length
      ? [element("span", { class: "st-muted" }, "A run with these settings has "), element("code", {}, lines.join("  "))]
      : []));
    this.showTable();
    this.showImages();
    this.plot();
  }

  showTable() {
    const focused = document.activeElement?.id;
    const bounds = this.asked.threshold_bounds ?? this.own.threshold_bounds;
    const heads = ["Class", "θ was", "θ", "kept was", "kept", "Δ", "images", "class value", "pasted", "floor", "cap"];
    const rows = this.told.classes.map((row) => {
      const share = (pixels) => (row.predicted_pixels ? pixels / row.predicted_pixels : 0);
      const change = share(row.kept_pixels) - share(row.was_kept_pixels);
      const bound = (which, words) => element("input", { type: "number", class: "wi-bound", min: 0, max: 1, step: 0.01,
        id: `wi-${words}-${row.class_id}`, "aria-label": `${words} of ${row.name}`, placeholder: "–",
        value: bounds[row.class_id]?.[which] === which ? "" : bounds[row.class_id]?.[which] ?? "",
        onchange: (event) => this.setBound(row.class_id, which, event.target.value) });
      const colour = `rgb(${this.run.class_space.colours[row.class_id].join(",")})`;
      return element("tr", { id: `wi-row-${row.class_id}` },
        element("td", {}, element("i", { class: "st-swatch", style: `background:${colour}` }), row.name),
        ...[row.was_threshold.toFixed(3), row.threshold.toFixed(3), percent(share(row.was_kept_pixels)),
          percent(share(row.kept_pixels))].map((words) => element("td", { class: "num" }, words)),
        element("td", { class: `num ${change > 0 ? "st-up" : change < 0 ? "st-down" : ""}` },
          change ? `${change > 0 ? "+" : ""}${(100 * change).toFixed(1)}` : "–"),
        ...[String(row.kept_images), row.class_value.toFixed(3),
          row.hard ? percent(row.sampling_probability) : "–"].map((words) => element("td", { class: "num" }, words)),
        element("td", {}, bound(0, "floor")), element("td", {}, bound(1, "cap")));
    });
    byId("wi-table").replaceChildren(element("table", { class: "st-table dense named" },
      element("thead", {}, element("tr", {}, ...heads.map((words, place) => element(
        "th", { class: place && place < 9 ? "num" : "" }, words)))),
      element("tbody", {}, ...rows)));
    if (focused?.startsWith("wi-")) byId(focused)?.focus();
  }

  // Leads to Inspect with the thresholds each image would have.
  async showImages() {
    const { told, trail } = this;
    const was = new Map(trail.label_ids.map((id, place) => [id, trail.kept_shares[place]]));
    const names = new Map(trail.label_ids.map((id, place) => [id, trail.image_names[place]]));
    const changes = told.label_ids.map((id, place) => ({ id, place, change: told.kept_shares[place] - was.get(id) }));
    changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
    const table = await tableOf(this.own.codebook);
    if (told !== this.told) return;
    const links = changes.slice(0, MOST_CHANGED).filter(({ change }) => change).map(({ id, place, change }) => {
      const codes = told.thresholds[place].map((theta, c) => `${c}:${firstKeptCode(table, theta)}`).join(",");
      return element("li", {}, element("a", { href: `${window.STUDIO.ui}/inspect?label=${id}&theta=${codes}` }, names.get(id)),
        ` ${change > 0 ? "+" : ""}${(100 * change).toFixed(1)} %`);
    });
    byId("wi-images").replaceChildren(...(links.length
      ? [element("p", { class: "st-muted" }, "Images that change most, shown as they would be:"), element("ul", {}, ...links)]
      : []));
  }

  async plot() {
    const id = Number(byId("wi-class").value);
    const { told, trail } = this;
    const names = new Map(trail.label_ids.map((label, place) => [label, trail.image_names[place]]));
    const line = (name, labels, rows, more) => ({
      name, x: rows.map((_, place) => place + 1), y: rows.map((row) => row[id]), mode: "lines",
      meta: { labels }, customdata: labels.map((label) => names.get(label)),
      hovertemplate: "θ %{y:.4f}<br>image %{x}: %{customdata}, click to open it<extra>%{fullData.name}</extra>", ...more });
    const series = [];
    if (told.band) {
      const edge = (rows, more) => ({ x: told.band.at, y: rows.map((row) => row[id]), mode: "lines", hoverinfo: "skip",
        line: { width: 0, color: "#0072b2" }, ...more });
      series.push(edge(told.band.low, { showlegend: false }), edge(told.band.high, {
        name: `${told.band.shuffles} other orders`, fill: "tonexty", fillcolor: "rgba(0,114,178,0.18)" }));
    }
    series.push(line("present labels", trail.label_ids, trail.thresholds, { line: { color: "#7d8894", dash: "dot", width: 1.5 } }));
    series.push(line("what if", told.label_ids, told.thresholds, { line: { color: "#0072b2", width: 2 } }));
    const Plotly = await plotly();
    await Plotly.react(byId("wi-plot"), series, PLOT, { displayModeBar: false, responsive: true });
    openOnClick(byId("wi-plot"));
  }
}

export async function start() {
  await whenPresent("what-if", "what-if-body");
  const details = byId("what-if");
  if (query("whatif")) details.open = true;
  await makeWhenOpened(details, byId("what-if-body"), async () => {
    const id = query("round") ?? (await newestRound())?.id;
    const round = await getJson(`/rounds/${id}`);
    const [run, trail, revisions] = await Promise.all([
      getJson(`/runs/${round.run_id}`), getJson(`/rounds/${id}/thresholds`), revisionsOf(id)]);
    window.STUDIO.whatIf = new WhatIf(round, run, trail, settingsOf(revisions));
  });
}
