// One label as Inspect draws it: photo left, the chosen layer right, the legend that governs both.
// The address holds the whole view, so that a copied link shows the same.
import { groundTruth, openLabel } from "./api.js";
import { checkpointsOf, predicted, wordsOf } from "./checkpoints.js";
import { byId, element, query, say, setQuery, shown } from "./dom.js";
import { disagreement, errors } from "./drawing/comparisons.js";
import { keptIds, ruleOf } from "./drawing/kept.js";
import { layerOf } from "./drawing/layers.js";
import { coloursOf } from "./drawing/palettes.js";
import { Legend } from "./legend.js";
import { Pane } from "./pane.js";
import { chosenUse, fillUses, pastedRegion, plannedPastes } from "./pasted.js";
import { readoutText } from "./readout.js";
import { drawScale } from "./scale.js";
import { Toolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";

const TERMED = "region-weight";
const AGAINST = "disagreement";
const PASTED = "pasted";

function numbers(name) { return (query(name) ?? "").split(",").filter(Boolean).map(Number); }

export class Picture {
  // `veto(id)`: a person does not want a class trained on, or does again.
  constructor({ veto }) {
    this.label = null;
    this.viewport = new Viewport();
    const hover = (_, point) => this.hover(point);
    this.left = new Pane(byId("canvas-left"), this.viewport, hover);
    this.right = new Pane(byId("canvas-right"), this.viewport, hover);
    this.legend = new Legend(byId("legend"), { change: () => this.changed(), veto });
    this.toolbar = new Toolbar(this.viewport, {
      layer: "kept", change: () => this.changed(), fade: () => this.fade(),
    });
    this.viewport.onChange(() => this.toolbar.showZoom(this.viewport.scaleIn(...this.right.size())));
    for (const id of ["term", "against", "use"]) byId(id).addEventListener("change", () => this.chosen(id));
    this.readAddress();
  }

  readAddress() {
    const { legend } = this;
    legend.hidden = new Set(numbers("hide"));
    [legend.solo = null] = numbers("solo");
    [legend.focus = null] = numbers("focus");
    for (const pair of (query("theta") ?? "").split(",").filter(Boolean)) {
      const [id, code] = pair.split(":").map(Number);
      if (Number.isInteger(id) && Number.isInteger(code)) legend.moved.set(id, code);
    }
    if (query("term")) byId("term").value = query("term");
    this.place = query("at");
  }

  writeAddress() {
    clearTimeout(this.writing);
    const { hidden, solo, focus, moved } = this.legend;
    this.writing = setTimeout(() => setQuery({
      hide: [...hidden].join(","), solo, focus, theta: [...moved].map((pair) => pair.join(":")).join(","),
      term: this.toolbar.layer === TERMED ? byId("term").value : null,
      against: this.toolbar.layer === AGAINST ? byId("against").value : null,
    }), 250);
  }

  // `label`: from openLabel, `space`: the run's class set, `vetoed`: classes vetoed for the whole round.
  show(label, space, vetoed) {
    this.label = label;
    this.vetoed = vetoed;
    this.space = space;
    this.loading = new Set();
    this.truth = null;
    this.against = null;
    this.disagreeing = null;
    this.plan = null;
    this.pasted = null;
    this.toolbar.enable("ground-truth", label.has_ground_truth, "This data set has no ground truth");
    this.toolbar.enable("error", label.has_ground_truth, "This data set has no ground truth");
    this.fillAgainst();
    this.viewport.setImage(label.width, label.height);
    if (this.place) this.viewport.restore(this.place);
    this.place = null;
    this.left.setPhoto(label.photo);
    this.right.setPhoto(label.photo);
    this.reread();
    this.repaint();
  }

  // The label's own rule or colours have changed.
  reread() {
    const { label } = this;
    this.stored = ruleOf(label.table, label.thresholds, [...label.vetoed_classes, ...this.vetoed]);
    this.legend.draw(label, this.space, this.colours(), this.stored);
  }

  colours() { return coloursOf(this.toolbar.palette, this.space); }

  // Other rounds, and networks of the run that did not make this very label.
  async fillAgainst() {
    const { label } = this;
    const checkpoints = await checkpointsOf(label.run_id).catch(() => []);
    if (this.label !== label) return;
    const rounds = label.same_image.filter((other) => other.id !== label.id)
      .map((other) => [String(other.round_number), `round ${other.round_number}`]);
    const others = checkpoints.filter(({ labels_round: made }) => made !== label.round_number)
      .map(({ name, prediction }) => [name, prediction ? wordsOf(name) : `${wordsOf(name)} (to be asked)`]);
    const all = [...rounds, ...others];
    this.toolbar.enable(AGAINST, all.length > 0, "Nothing else has looked at this image");
    const names = all.map(([name]) => name);
    const wanted = [byId("against").value, query("against")].find((name) => names.includes(name));
    const before = rounds.map(([number]) => number).filter((number) => Number(number) < label.round_number).at(-1);
    const selected = wanted ?? before ?? names[0];
    byId("against").replaceChildren(...all.map(([value, words]) => element(
      "option", { value, selected: value === selected }, words)));
    if (this.toolbar.layer === AGAINST) this.repaint();
  }

  async openAgainst(name) {
    const { label } = this;
    const other = label.same_image.find((candidate) => String(candidate.round_number) === name);
    if (other) return { ...(await openLabel(other.id)), words: `round ${name}` };
    const wanted = () => this.label === label && byId("against").value === name;
    const found = await predicted(label, name, say, wanted);
    if (found) say("");
    return found && { ...found, words: wordsOf(name) };
  }

  // A person has drawn over the label.
  corrected() {
    this.right.correctionChanged();
    this.repaint();
  }

  classUnderCursor() {
    const place = this.label ? this.viewport.pixelAt(this.point) : null;
    return place === null ? null : this.label.prediction[place];
  }

  chosen(what) {
    if (what === "against") this.against = this.disagreeing = null;
    if (what === "use") this.pasted = null;
    this.changed();
  }

  changed() {
    if (!this.label) return;
    if (this.palette !== this.toolbar.palette) {
      this.palette = this.toolbar.palette;
      this.legend.draw(this.label, this.space, this.colours(), this.stored);
    }
    this.writeAddress();
    this.repaint();
  }

  // The maps a layer needs besides the label's own; undefined while they are being loaded.
  maps(layer, rule) {
    const { label } = this;
    if (layer === "ground-truth" || layer === "error") {
      if (!this.truth) { this.loadTruth(); return undefined; }
      return { truth: this.truth, error: layer === "error" && errors(keptIds(label, rule), label.prediction, this.truth) };
    }
    if (layer === AGAINST) {
      const name = byId("against").value;
      if (!name) return undefined;
      if (!this.against) { this.load("against", () => this.openAgainst(name)); return undefined; }
      this.disagreeing ??= disagreement(label.prediction, this.against.prediction);
      return { disagreement: this.disagreeing };
    }
    if (layer === PASTED) return this.pastedMap();
    return {};
  }

  pastedMap() {
    const { label, plan, pasted } = this;
    if (!plan) { this.load("plan", async () => this.told(await plannedPastes(label))); return undefined; }
    const use = chosenUse(plan);
    if (!use) return { pasted: new Uint8Array(label.prediction.length).fill(255) };
    if (!pasted) { this.load("pasted", () => pastedRegion(label, use, plan.hard_classes)); return undefined; }
    return { pasted: pasted.ids };
  }

  told(plan) {
    fillUses(byId("use"), plan, this.space);
    return plan;
  }

  // Once per label and kind, however often it is asked for meanwhile.
  async load(what, action) {
    const { label, loading } = this;
    if (loading.has(what)) return;
    loading.add(what);
    const found = await shown(action);
    loading.delete(what);
    if (this.label !== label || found === undefined) return;
    // Something else was chosen meanwhile.
    if (found === null) return void this.repaint();
    this[what] = found;
    this.repaint();
    this.hover(this.point);
  }

  loadTruth() { return this.load("truth", () => groundTruth(this.label)); }

  repaint() {
    const { label } = this;
    if (!label) return;
    const { layer, contours } = this.toolbar;
    const term = byId("term").value;
    byId("term").hidden = layer !== TERMED;
    byId("against").hidden = layer !== AGAINST;
    byId("use").hidden = layer !== PASTED;
    byId("pane-right").querySelector("figcaption").textContent = byId(`layer-${layer}`).textContent;
    const rule = this.legend.rule();
    const maps = this.maps(layer, rule);
    if (!maps) return;
    const options = { colours: this.colours(), look: (id) => this.legend.look(id), term, maps };
    this.right.show(label, layerOf(layer, label, options), rule, contours);
    drawScale(byId("scale"), layer, label, term);
    this.fade();
  }

  fade() { this.right.setOpacity(this.toolbar.opacity); }

  hover(point) {
    const { label } = this;
    this.point = point;
    const place = label ? this.viewport.pixelAt(point) : null;
    const inside = place !== null;
    this.left.setCursor(inside ? point : null);
    this.right.setCursor(inside ? point : null);
    const others = [];
    // The readout tells the truth as well; it is asked for when somebody looks.
    if (inside && label.has_ground_truth && !this.truth) this.loadTruth();
    if (inside && this.against) others.push([this.against.words, this.against.prediction[place]]);
    const donor = inside && this.pasted?.origin[place];
    if (donor) others.push([`pasted from ${chosenUse(this.plan).donors[donor - 1].image}:`, this.pasted.ids[place]]);
    if (inside && this.truth) others.push(["truth", this.truth[place]]);
    byId("readout").replaceChildren(...(inside
      ? readoutText(label, this.space, this.colours(), this.legend.rule(), place, others) : []));
    this.legend.highlight(inside ? label.prediction[place] : null);
  }
}
