// The labels of a round for other tools: a job makes a zip, the browser downloads it.
import { getJson, newestRound, send } from "./api.js";
import { byId, element, query, whenPresent } from "./dom.js";
import { makeWhenOpened } from "./disclosure.js";
import { PATIENCE_MS, isUnderWay, linkTo, progressOf } from "./job_progress.js";
import { asks } from "./question.js";

// name, words.
const FORMATS = [
  ["ids", "PNG of class ids"], ["cityscapes", "Cityscapes"], ["mmsegmentation", "mmsegmentation"], ["fiftyone", "FiftyOne"],
  ["coco", "COCO masks"], ["coco_panoptic", "COCO panoptic"], ["cvat", "CVAT for images 1.1"],
  ["label_studio", "Label Studio"], ["datumaro", "Datumaro"],
];

class Exports {
  constructor(round) {
    this.round = round;
    byId("exports-body").replaceChildren(
      element("div", { class: "wi-settings" },
        element("label", {}, "format", element("select", { id: "export-format" },
          ...FORMATS.map(([name, words]) => element("option", { value: name }, words)))),
        element("button", { type: "button", class: "st-button", id: "export-labels", onclick: () => this.ask() }, "Export labels"),
        element("span", {}, "as they are trained on: with corrections and vetoes, without rejected images")),
      element("p", { class: "st-error", id: "export-error", role: "alert", hidden: true }),
      element("div", { class: "wi-table", id: "export-list", tabindex: 0, role: "region", "aria-label": "Exports" }));
    this.read();
  }

  async read() {
    try {
      const rows = await getJson(`/rounds/${this.round.id}/exports`);
      this.show(rows);
      clearTimeout(this.timer);
      if (rows.some(({ job }) => isUnderWay(job))) this.timer = setTimeout(() => this.read(), PATIENCE_MS);
    } catch (error) {
      this.fail(error);
    }
  }

  show(rows) {
    const heads = ["Format", "ids", "labels", "size", "by", ""];
    byId("export-list").replaceChildren(...(rows.length ? [element("table", { class: "st-table dense" },
      element("thead", {}, element("tr", {}, ...heads.map((words) => element("th", {
        class: ["labels", "size"].includes(words) ? "num" : "" }, words || "zip")))),
      element("tbody", {}, ...rows.map((row) => this.row(row))))] : []));
  }

  row({ id, format, ids, labels, bytes, person, job }) {
    const words = FORMATS.find(([name]) => name === format)[1];
    return element("tr", { id: `export-${id}` }, element("td", {}, element("b", {}, words)), element("td", {}, ids),
      element("td", { class: "num" }, labels === null ? "–" : String(labels)),
      element("td", { class: "num" }, bytes === null ? "–" : `${(bytes / 1e6).toFixed(1)} MB`),
      element("td", {}, person), element("td", {}, ...this.state(id, bytes, job)));
  }

  state(id, bytes, job) {
    if (isUnderWay(job)) return [progressOf(job)];
    const away = element("button", { type: "button", class: "st-button", "aria-label": `Delete export ${id}`,
      onclick: () => this.away(id) }, "Delete");
    if (bytes === null) return [element("span", { class: "st-error" }, job.error ?? job.state), " ", linkTo(job), " ", away];
    return [element("a", { href: `${window.STUDIO.api}/exports/${id}/file`, download: "" }, "Download"), " ", away];
  }

  async ask() {
    await this.send(`/rounds/${this.round.id}/exports`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ format: byId("export-format").value }) });
  }

  async away(id) {
    if (await asks(`Delete export ${id}?`, "Its zip is deleted. The labels stay.", "Delete it")) {
      await this.send(`/exports/${id}`, { method: "DELETE" });
    }
  }

  async send(path, options) {
    byId("export-error").hidden = true;
    try {
      await send(path, options);
      await this.read();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    byId("export-error").textContent = error.message;
    byId("export-error").hidden = false;
    if (error.status === undefined) throw error;
  }
}

export async function start() {
  await whenPresent("exports", "exports-body");
  await makeWhenOpened(byId("exports"), byId("exports-body"), async () => {
    const round = await getJson(`/rounds/${query("round") ?? (await newestRound())?.id}`);
    window.STUDIO.exports = new Exports(round);
  });
}
