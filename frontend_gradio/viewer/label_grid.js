// The labels of a round as a grid of thumbnails that lead to Inspect.
import { getJson, newestRound } from "./api.js";
import { byId, query, whenPresent } from "./dom.js";
import { LabelList } from "./label_list.js";

export async function start() {
  await whenPresent("label-grid");
  const grid = new LabelList(byId("label-grid"), {
    link: (label) => `${window.STUDIO.ui}/inspect?label=${label.id}`,
  });
  const roundId = query("round") ?? (await newestRound())?.id;
  if (!roundId) return;
  await grid.load(roundId).catch(() => {});
  new IntersectionObserver(() => grid.loadMoreNearEnd(), { rootMargin: "600px" }).observe(byId("labels"));
  window.addEventListener("scroll", () => grid.loadMoreNearEnd(), { passive: true });
  let state = "labelling";
  grid.watch(async () => {
    if (state !== "labelling") return false;
    state = (await getJson(`/rounds/${roundId}`).catch(() => ({ state }))).state;
    return true;
  });
}
