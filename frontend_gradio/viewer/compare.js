// Compare: one image twice, side by side, with a swipe, as a flicker, or as what differs and why.
import { getJson, newestRound, labelPage, openLabel, prefetch } from "./api.js";
import { countChanges, classTable, summary } from "./change_table.js";
import { byId, element, percent, query, say, setQuery, shown, whenPresent } from "./dom.js";
import { causes, difference } from "./drawing/comparisons.js";
import { IGNORED } from "./drawing/kept.js";
import { layerOf } from "./drawing/layers.js";
import { coloursOf } from "./drawing/palettes.js";
import { Keymap } from "./keymap.js";
import { arrange, following, onLayout } from "./layouts.js";
import { Pane } from "./pane.js";
import { named } from "./readout.js";
import { drawScale } from "./scale.js";
import { TRUTH, choices, hasThresholds, idOf, isCheckpoint, openSide, sideOf, underSameRule } from "./sides.js";
import { Toolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";

const SIDES = ["left", "right"];
const LAYOUTS = ["side", "stack", "swipe", "flicker"];
const OF_BOTH = ["difference", "cause"];

class Compare {
  constructor() {
    this.sides = { left: null, right: null };
    this.opening = 0;
    this.viewport = new Viewport();
    this.panes = {};
    for (const side of SIDES) {
      this.panes[side] = new Pane(byId(`canvas-${side}`), this.viewport, (_, point) => this.hover(point));
      byId(`${side}-side`).addEventListener("change", (event) => this.open({ ...this.named(), [side]: event.target.value }));
    }
    this.toolbar = new Toolbar(this.viewport, {
      layer: "kept", change: () => this.changed(), fade: () => this.fade(),
    });
    this.viewport.onChange(() => this.toolbar.showZoom(this.viewport.scaleIn(...this.panes.left.size())));
    this.listen();
    this.lay(query("panes") ?? "side");
    this.place = query("at");
  }

  listen() {
    byId("swap").addEventListener("click", () => this.swap());
    onLayout((layout) => this.lay(layout));
    byId("swipe").addEventListener("input", (event) => this.swipe(event.target.value));
    this.swipe(query("swipe") ?? 500);
    this.keymap = new Keymap("compare", byId("help"), {
      ...this.toolbar.keys(this.panes.left),
      swap: () => this.swap(),
      next: () => this.go("next_id"),
      previous: () => this.go("previous_id"),
      layout: () => this.lay(following(LAYOUTS, this.layout)),
      flicker: (on) => this.flicker(on),
    });
    byId("help-open").addEventListener("click", () => this.keymap.open());
  }

  lay(layout) {
    this.layout = arrange(LAYOUTS, layout);
    setQuery({ panes: this.layout === "side" ? null : this.layout });
    if (this.layout === "flicker") say("Hold B to see the other side.");
    this.viewport.changed();
  }

  // `place`: 0 all right … 1000 all left.
  swipe(place) {
    byId("swipe").value = place;
    byId("panes").style.setProperty("--swipe", `${place / 10}%`);
    clearTimeout(this.writing);
    this.writing = setTimeout(() => setQuery({ swipe: this.layout === "swipe" ? place : null }), 250);
  }

  // While held the other side is on top, in whichever arrangement.
  flicker(on) {
    if (on && this.layout !== "flicker") this.lay("flicker");
    byId("panes").classList.toggle("other", on);
  }

  named() { return { left: this.sides.left?.side, right: this.sides.right?.side }; }

  swap() {
    const { left, right } = this.named();
    if (left && right) this.open({ left: right, right: left });
  }

  async begin() {
    const asked = { left: query("left"), right: query("right"), image: query("image") };
    if (asked.left && asked.right) return this.open(asked);
    const id = idOf(asked.left ?? asked.right ?? "") || (await firstLabelId());
    byId("nothing").hidden = Boolean(id);
    return id ? this.open(await withOtherRound(id)) : undefined;
  }

  async open(asked) {
    const turn = ++this.opening;
    const waiting = { tell: say, wanted: () => turn === this.opening };
    const found = await shown(async () => {
      // Where no side is a label, `image` names one, or the page shows one.
      const id = SIDES.map((side) => idOf(asked[side])).find(Boolean) ?? asked.image ?? this.of?.id ?? (await firstLabelId());
      const of = await openLabel(id);
      const [left, right] = await Promise.all(SIDES.map((side) => openSide(asked[side], of, waiting)));
      if (!left || !right) return undefined;
      if (left.label.name !== right.label.name) throw refusal(left.label, right.label);
      return {
        of, left: underSameRule(left, right), right: underSameRule(right, left),
        sides: await choices(of, left.label, right.label),
      };
    });
    if (turn !== this.opening) return;
    if (!found) {
      this.choose();
      return;
    }
    const { of, left, right, sides } = found;
    if (this.run?.id !== of.run_id) this.run = await getJson(`/runs/${of.run_id}`);
    this.of = of;
    this.sides = { left, right };
    const differ = left.label.id !== right.label.id || left.label.revision !== right.label.revision;
    const hasCauses = hasThresholds(left.side) && hasThresholds(right.side) && differ;
    this.maps = {
      difference: difference(left.kept, right.kept),
      cause: hasCauses ? causes(left.label, right.label, left.rule, right.rule) : null,
    };
    this.toolbar.enable("cause", hasCauses, "Only between two rounds or revisions: other sides have no thresholds");
    const labelled = hasThresholds(left.side) || hasThresholds(right.side);
    setQuery({ ...this.named(), image: labelled ? null : of.id });
    this.viewport.setImage(of.width, of.height);
    if (this.place) this.viewport.restore(this.place);
    this.place = null;
    for (const side of SIDES) this.panes[side].setPhoto(of.photo);
    this.fillChoices(sides);
    this.summarise();
    this.repaint();
    const others = sides.filter(([side]) => hasThresholds(side)).length > 1;
    say(others ? "" : "This image has been labelled in one round only.");
    for (const id of [of.next_id, of.previous_id]) prefetch(id);
  }

  fillChoices(sides) {
    for (const side of SIDES) {
      byId(`${side}-side`).replaceChildren(...sides.map(([value, words]) => element("option", { value }, words)));
    }
    this.choose();
  }

  // What is shown is what is chosen, also when something else could not be opened.
  choose() {
    for (const side of SIDES) if (this.sides[side]) byId(`${side}-side`).value = this.sides[side].side;
  }

  // The next image in the same two sides.
  async go(direction) {
    if (!this.of?.[direction]) return say("There is no further image.");
    const next = await shown(() => getJson(`/labels/${this.of[direction]}`));
    if (!next) return undefined;
    const sides = { image: next.id };
    for (const side of SIDES) {
      const here = this.sides[side];
      const there = next.same_image.find((other) => other.round_id === here.label.round_id);
      if (here.side === TRUTH && next.has_ground_truth) sides[side] = TRUTH;
      else if (isCheckpoint(here.side)) sides[side] = here.side;
      else if (there) sides[side] = sideOf(there.id, here.side);
      else return say(`${next.name}: there is no ${here.name} yet.`);
    }
    return this.open(sides);
  }

  colours() { return coloursOf(this.toolbar.palette, this.run.class_space); }

  changed() {
    if (!this.of) return;
    this.summarise();
    this.repaint();
  }

  fade() { for (const pane of Object.values(this.panes)) pane.setOpacity(this.toolbar.opacity); }

  repaint() {
    const { layer, contours } = this.toolbar;
    for (const side of SIDES) {
      const { label, rule, name, kept } = this.sides[side];
      const bare = layer === "confidence" && this.sides[side].side === TRUTH;
      const options = { colours: this.colours(), look: () => 255, maps: this.maps };
      this.panes[side].show(label, bare ? null : layerOf(layer, label, options), rule, contours);
      const share = kept.reduce((sum, id) => sum + (id !== IGNORED), 0) / kept.length;
      byId(`pane-${side}`).querySelector("figcaption").textContent = OF_BOTH.includes(layer)
        ? `${this.sides.left.name} → ${this.sides.right.name}` : `${name}: kept ${percent(share)}`;
    }
    drawScale(byId("scale"), layer, this.of, "all");
    this.fade();
  }

  hover(point) {
    const place = this.of ? this.viewport.pixelAt(point) : null;
    for (const pane of Object.values(this.panes)) pane.setCursor(place === null ? null : point);
    byId("readout").replaceChildren(...(place !== null ? SIDES.map((side) => this.readout(this.sides[side], place)) : []));
  }

  readout({ side, name, label, rule, kept }, place) {
    const id = label.prediction[place];
    const ignored = kept[place] === IGNORED;
    const p = side === TRUTH ? "" : ` p ${label.table[label.codes[place]].toFixed(4)}`;
    const facts = rule.first.some(Boolean)
      ? `${p}, θ ${(label.table[rule.first[id]] ?? 1).toFixed(4)}, ${ignored ? "ignored" : "kept"}` : p;
    return element("span", { class: ignored ? "st-muted" : "" }, `${name} `,
      element("b", {}, named(this.run.class_space, id)), facts);
  }

  summarise() {
    const { left, right } = this.sides;
    const counts = countChanges(left.kept, right.kept, this.maps.difference, this.maps.cause,
      this.run.class_space.classes.length);
    const hasCauses = Boolean(this.maps.cause);
    byId("compare-summary").replaceChildren(...summary(this.of.name, counts, hasCauses));
    byId("compare-classes").replaceChildren(classTable(
      this.run.class_space, this.colours(), { left: left.name, right: right.name }, counts, hasCauses));
  }
}

function refusal(left, right) {
  return Object.assign(new Error(`${left.name} and ${right.name} are different images.`), { status: 0 });
}

async function firstLabelId() {
  const round = await newestRound();
  return round ? (await labelPage(round.id, { limit: 1 })).items[0]?.id : null;
}

// A label and the newest other round's label of the same image, earlier round left; else the ground truth.
async function withOtherRound(id) {
  const label = await getJson(`/labels/${id}`);
  const other = label.same_image.filter((candidate) => candidate.id !== id).at(-1);
  if (!other) return { left: String(id), right: label.has_ground_truth ? TRUTH : String(id) };
  const [left, right] = other.round_number < label.round_number ? [other.id, id] : [id, other.id];
  return { left: String(left), right: String(right) };
}

export async function start() {
  await whenPresent("compare", "compare-summary", "compare-classes");
  const compare = new Compare();
  window.STUDIO.compare = compare;
  await shown(() => compare.begin());
}
