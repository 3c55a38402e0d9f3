// The labels of a round as thumbnails, page by page: the strip of Inspect and the grid of Round.
import { labelPage, url } from "./api.js";
import { chip, element, percent, shown } from "./dom.js";

const REFRESH_MS = 5000;

export class LabelList {
  // `link(label)`: where a thumbnail leads; `open(id)`: what a click does instead of following it.
  constructor(container, { link, open = null }) {
    this.container = container;
    this.link = link;
    this.open = open;
    this.filter = { status: "", sort: "order" };
    this.items = [];
    this.cards = new Map();
    this.total = 0;
    this.cursor = null;
    this.selected = null;
    this.generation = 0;
    this.loading = false;
    container.addEventListener("scroll", () => this.loadMoreNearEnd(), { passive: true });
    container.addEventListener("click", (event) => this.clicked(event));
  }

  clicked(event) {
    const card = event.target.closest("[data-label]");
    if (!card || !this.open || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(Number(card.dataset.label));
  }

  async load(roundId, filter = {}) {
    this.roundId = roundId;
    this.filter = { ...this.filter, ...filter };
    const generation = ++this.generation;
    const first = labelPage(roundId, this.filter);
    this.first = first.catch(() => {}); // whoever asks for a neighbour waits for the list
    const page = await first;
    if (generation !== this.generation) return;
    this.items = page.items;
    this.cursor = page.next_cursor;
    this.total = page.total;
    this.draw();
  }

  async loadMore() {
    if (this.loading || !this.cursor) return;
    this.loading = true;
    const generation = this.generation;
    const page = await shown(() => labelPage(this.roundId, { ...this.filter, cursor: this.cursor }));
    this.loading = false;
    if (!page || generation !== this.generation) return;
    this.items.push(...page.items);
    this.cursor = page.next_cursor;
    this.draw();
  }

  loadMoreNearEnd() {
    const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = this.container;
    if (scrollWidth - scrollLeft - clientWidth < 600 && scrollHeight - scrollTop - clientHeight < 600) this.loadMore();
  }

  // Cards that stay are not touched, so scrolling and loaded thumbnails survive a refresh.
  draw() {
    const cards = new Map();
    for (const item of this.items) {
      const key = `${item.status} ${item.version} ${item.kept_share}`;
      const old = this.cards.get(item.id);
      cards.set(item.id, old?.dataset.key === key ? old : this.card(item, key));
    }
    this.cards = cards;
    const wanted = [...cards.values()];
    if (wanted.length === 0) wanted.push(this.emptyNote());
    const present = [...this.container.children];
    if (wanted.length !== present.length || wanted.some((card, i) => card !== present[i])) {
      const place = [this.container.scrollLeft, this.container.scrollTop];
      this.container.replaceChildren(...wanted);
      [this.container.scrollLeft, this.container.scrollTop] = place;
    }
    this.select(this.selected, false);
  }

  emptyNote() {
    return element("div", { class: "st-empty" },
      element("b", {}, this.filter.status ? `No ${this.filter.status} labels.` : "No labels yet."),
      element("span", {}, this.filter.status ? "Choose another filter." : "They appear here while the round is labelled."));
  }

  card(item, key) {
    const layer = (name) => url(`/labels/${item.id}/layers/${name}?v=${encodeURIComponent(item.layers_digest)}`);
    return element("a", { class: "vw-card", id: `label-${item.id}`, "data-label": item.id, "data-key": key,
      "data-status": item.status, href: this.link(item), title: item.name },
    element("span", { class: "vw-thumb", style: `aspect-ratio:${item.width}/${item.height}` },
      element("img", { src: layer("image"), loading: "lazy", alt: "", decoding: "async" }),
      element("img", { src: layer("kept"), loading: "lazy", alt: "", decoding: "async" })),
    element("span", { class: "vw-card-name" }, item.name.split("/").at(-1)),
    element("span", { class: "vw-card-facts" }, chip(item.status), element("span", {}, percent(item.kept_share, 0))));
  }

  select(id, scroll = true) {
    this.selected = id;
    for (const [cardId, card] of this.cards) card.classList.toggle("current", cardId === id);
    if (scroll) this.cards.get(id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  update(label) {
    const index = this.items.findIndex((item) => item.id === label.id);
    if (index < 0 || this.items[index].version === label.version) return;
    this.items[index] = { ...this.items[index], status: label.status, version: label.version };
    this.draw();
  }

  // Facts of a label that its version does not count.
  mark(id, facts) {
    const index = this.items.findIndex((item) => item.id === id);
    if (index < 0) return;
    this.items[index] = { ...this.items[index], ...facts };
    this.draw();
  }

  // Loads pages until the label is listed.
  async reveal(id) {
    while (this.cursor && !this.loading && !this.cards.has(id)) await this.loadMore();
    if (this.selected === id) this.select(id);
  }

  // The neighbour in the list as filtered and sorted; `accept(item)` may skip some.
  async neighbour(id, step, accept = () => true) {
    await this.first;
    let index = this.items.findIndex((item) => item.id === id);
    for (;;) {
      index += step;
      if (index >= this.items.length && this.cursor) await this.loadMore();
      const item = this.items[index];
      if (!item || accept(item)) return item ?? null;
    }
  }

  // While a round is labelled, new labels are added at the end of what is shown.
  watch(isActive) {
    setInterval(async () => {
      if (document.hidden || !this.roundId || !(await isActive())) return;
      const generation = this.generation;
      const page = await labelPage(this.roundId, { ...this.filter, limit: Math.min(1000, Math.max(60, this.items.length + 20)) }).catch(() => null);
      if (!page || generation !== this.generation || page.total === this.total) return;
      this.items = page.items;
      this.cursor = page.next_cursor;
      this.total = page.total;
      this.draw();
    }, REFRESH_MS);
  }
}
