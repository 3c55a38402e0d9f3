// Plots drawn here rather than by gr.Plot, which builds them anew with every change: zoom and the choice of
// series survive. Plotly comes from this server, like everything else.
import { csvOf } from "./plot_csv.js";

const SETTINGS = {
  displaylogo: false, responsive: true, scrollZoom: false, displayModeBar: false, doubleClick: "reset",
};
let loading = null;

export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/ui-static/plotly/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded from this server. Reload the page."));
    document.head.append(script);
  });
  return loading;
}

// A click on a point opens its label, where the meta of its series or figure names labels: what made this kink?
export function openOnClick(area) {
  if (area.dataset.opens) return;
  area.dataset.opens = "labels";
  area.on("plotly_click", ({ points: [point] }) => {
    const id = (point.data?.meta?.labels ?? area.layout.meta?.labels)?.[point.pointIndex];
    if (id !== undefined) location.assign(`${window.STUDIO.ui}/inspect?label=${id}`);
  });
}

function save(name, words) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([words], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// `props.value` is a figure as JSON, or "" while there is nothing to draw.
export async function start(element, props, watch) {
  const area = element.querySelector(".st-plot-area");
  const nothing = element.querySelector(".st-plot-none");
  const download = element.querySelector(".st-csv");
  const known = element.querySelector(".st-plot").dataset.name;
  const show = async () => {
    const figure = props.value ? JSON.parse(props.value) : { data: [] };
    const empty = !figure.data.length;
    [area.hidden, nothing.hidden] = [empty, !empty];
    if (empty) {
      download.hidden = true;
      return;
    }
    try {
      const Plotly = await plotly();
      // The same revision: what somebody has zoomed or switched off stays so.
      await Plotly.react(area, figure.data, { ...figure.layout, autosize: true, uirevision: known }, SETTINGS);
      openOnClick(area);
      // Not before: the file holds what is drawn.
      download.hidden = false;
    } catch (error) {
      [area.hidden, download.hidden, nothing.hidden, nothing.textContent] = [true, true, false, error.message];
    }
  };
  download.addEventListener("click", () => save(`${known}.csv`, csvOf(area)));
  watch("value", show);
  await show();
}
