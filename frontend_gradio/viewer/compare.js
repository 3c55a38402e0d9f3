// Compare: the labels of one image in two rounds, with linked zoom and cursor.
import { getJson, newestRound, labelPage, openLabel, prefetch } from "./api.js";
import { IGNORED, difference } from "./decode.js";
import { byId, element, percent, query, say, setQuery, shown, whenPresent } from "./dom.js";
import { DIFFERENCE_COLOURS, paint } from "./layers.js";
import { drawScale } from "./legend.js";
import { Pane } from "./pane.js";
import { Toolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";

class Compare {
  constructor() {
    this.labels = { left: null, right: null };
    this.opening = 0;
    this.viewport = new Viewport();
    this.panes = {};
    for (const side of ["left", "right"]) {
      this.panes[side] = new Pane(byId(`canvas-${side}`), this.viewport, (_, point) => this.hover(point));
      byId(`${side}-round`).addEventListener("change", (event) => {
        this.open({ ...this.ids(), [side]: Number(event.target.value) });
      });
    }
    this.toolbar = new Toolbar(this.viewport, {
      layer: "kept", change: () => this.repaint(), fade: () => this.fade(),
    });
    this.viewport.onChange(() => this.toolbar.showZoom(this.viewport.scaleIn(...this.panes.left.size())));
    byId("swap").addEventListener("click", () => this.swap());
    this.toolbar.listenKeys({
      x: () => this.swap(), ArrowRight: () => this.go("next_id"), ArrowLeft: () => this.go("previous_id"),
    });
  }

  ids() { return { left: this.labels.left?.id, right: this.labels.right?.id }; }

  swap() {
    const { left, right } = this.ids();
    if (left && right) this.open({ left: right, right: left });
  }

  async begin() {
    const named = { left: Number(query("left")), right: Number(query("right")) };
    if (named.left && named.right) return this.open(named);
    const right = named.left || named.right || (await firstLabelId());
    byId("nothing").hidden = Boolean(right);
    if (!right) return undefined;
    return this.open(await withOtherRound(right));
  }

  async open({ left, right }) {
    const turn = ++this.opening;
    const found = await shown(() => Promise.all([
      openLabel(left), openLabel(right), getJson(`/compare?left=${left}&right=${right}`),
    ]));
    if (!found || turn !== this.opening) return;
    const [leftLabel, rightLabel, comparison] = found;
    if (this.run?.id !== leftLabel.run_id) this.run = await getJson(`/runs/${leftLabel.run_id}`);
    this.labels = { left: leftLabel, right: rightLabel };
    const changed = difference(leftLabel.kept, rightLabel.kept);
    leftLabel.difference = changed;
    rightLabel.difference = changed;
    setQuery({ left, right });
    this.viewport.setImage(leftLabel.width, leftLabel.height);
    for (const side of ["left", "right"]) {
      this.panes[side].setPhoto(this.labels[side].photo);
      this.fillRounds(side);
    }
    this.summarise(comparison);
    this.repaint();
    say(leftLabel.same_image.length > 1 ? "" : "This image has been labelled in one round only.");
    prefetch(leftLabel.next_id);
    prefetch(rightLabel.next_id);
  }

  fillRounds(side) {
    const label = this.labels[side];
    byId(`${side}-round`).replaceChildren(...label.same_image.map((other) => element(
      "option", { value: other.id, selected: other.id === label.id }, `round ${other.round_number}`)));
  }

  // The next image in the left label's round, in the same two rounds.
  async go(direction) {
    const { left, right } = this.labels;
    if (!left || !left[direction]) return say("There is no further image.");
    const next = await shown(() => getJson(`/labels/${left[direction]}`));
    const partner = next?.same_image.find((other) => other.round_id === right.round_id);
    if (!next) return undefined;
    if (!partner) return say(`${next.name} is not labelled in round ${right.round_number} yet.`);
    return this.open({ left: next.id, right: partner.id });
  }

  fade() { for (const pane of Object.values(this.panes)) pane.setOpacity(this.toolbar.opacity); }

  repaint() {
    const { layer, contours } = this.toolbar;
    for (const side of ["left", "right"]) {
      const label = this.labels[side];
      if (!label) return;
      const options = { colours: this.run.class_space.colours, visible: () => true, contours, term: "all" };
      const bare = layer === "image";
      this.panes[side].setOverlay(bare ? null : paint(layer, label, options), label.width, label.height);
      byId(`pane-${side}`).querySelector("figcaption").textContent =
        `round ${label.round_number}: kept ${percent(label.kept_share)}`;
    }
    drawScale(layer, this.labels.left, "all");
    this.fade();
  }

  hover(point) {
    const { left, right } = this.labels;
    const inside = point && left && point.x >= 0 && point.y >= 0 && point.x < left.width && point.y < left.height;
    for (const pane of Object.values(this.panes)) pane.setCursor(inside ? point : null);
    const place = inside ? Math.floor(point.y) * left.width + Math.floor(point.x) : null;
    const parts = inside ? [this.readout(left, place), element("span", {}, "|"), this.readout(right, place)] : [];
    byId("readout").replaceChildren(...parts);
  }

  readout(label, place) {
    const id = label.prediction[place];
    const kept = label.kept[place] !== IGNORED;
    const p = label.table[label.codes[place]];
    return element("span", { class: kept ? "" : "st-muted" },
      `round ${label.round_number} `, element("b", {}, this.run.class_space.classes[id] ?? `class ${id}`),
      ` p ${p.toFixed(4)}, θ ${label.thresholds[id].toFixed(4)}, ${kept ? "kept" : "ignored"}`);
  }

  summarise(comparison) {
    const parts = [["same_kept", "same class kept", 1], ["flipped", "flipped", 2], ["gained", "gained", 3],
      ["lost", "lost", 4]];
    const bar = parts.map(([name, , colour]) => element("i", {
      style: `width:${(100 * comparison[name]) / comparison.pixels}%;background:rgb(${DIFFERENCE_COLOURS[colour]})` }));
    const lines = parts.map(([name, words, colour]) => element("li", { id: `compare-${name}` },
      element("i", { class: "st-swatch", style: `background:rgb(${DIFFERENCE_COLOURS[colour]})` }), words,
      element("b", {}, percent(comparison[name] / comparison.pixels))));
    byId("compare-summary").replaceChildren(
      element("h2", { title: comparison.left.name }, comparison.left.name),
      element("div", { class: "vw-stack" }, ...bar), element("ul", { class: "vw-changes" }, ...lines));
    this.drawClasses(comparison);
  }

  drawClasses(comparison) {
    const { left, right } = this.labels;
    const heads = ["Class", `kept r${left.round_number}`, `kept r${right.round_number}`, "both", "Δ", "θ", "θ"];
    const rows = comparison.classes.filter((row) => row.left_kept || row.right_kept).map((row) => {
      const change = row.right_kept - row.left_kept;
      const cells = [row.left_kept, row.right_kept, row.both_kept].map((n) => n.toLocaleString("en"));
      return element("tr", { id: `compare-class-${row.class_id}` },
        element("td", {}, element("i", { class: "st-swatch",
          style: `background:rgb(${this.run.class_space.colours[row.class_id]})` }), row.name),
        ...cells.map((cell) => element("td", { class: "num" }, cell)),
        element("td", { class: `num ${change < 0 ? "st-down" : "st-up"}` }, `${change > 0 ? "+" : ""}${change.toLocaleString("en")}`),
        ...[row.left_threshold, row.right_threshold].map((theta) => element("td", { class: "num" }, theta.toFixed(3))));
    });
    byId("compare-classes").replaceChildren(element("table", { class: "st-table dense", id: "compare-table" },
      element("thead", {}, element("tr", {}, ...heads.map((head, i) => element("th", { class: i ? "num" : "" }, head)))),
      element("tbody", {}, ...rows)));
  }
}

async function firstLabelId() {
  const round = await newestRound();
  return round ? (await labelPage(round.id, { limit: 1 })).items[0]?.id : null;
}

// A label and the newest other round's label of the same image, earlier round left.
async function withOtherRound(id) {
  const label = await getJson(`/labels/${id}`);
  const other = label.same_image.filter((candidate) => candidate.id !== id).at(-1);
  if (!other) return { left: id, right: id };
  return other.round_number < label.round_number ? { left: other.id, right: id } : { left: id, right: other.id };
}

export async function start() {
  await whenPresent("compare", "compare-summary", "compare-classes");
  const compare = new Compare();
  window.STUDIO.compare = compare;
  await shown(() => compare.begin());
}
