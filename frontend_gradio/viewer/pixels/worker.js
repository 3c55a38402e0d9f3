// Fetches and unpacks a label's pixels off the page's thread, so that nothing stutters meanwhile.
import { unpack } from "./unpack.js";

async function answer({ url, classes, K }) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    return { status: response.status, detail: problem?.detail ?? `${url} answered ${response.status}.` };
  }
  const arrays = await unpack(await response.arrayBuffer(), classes, K);
  return { arrays };
}

self.addEventListener("message", async ({ data }) => {
  const result = await answer(data).catch((error) => ({ status: 0, detail: `${data.url}: ${error.message}.` }));
  const { arrays } = result;
  const moved = arrays ? [arrays.prediction, arrays.reason, arrays.codes, arrays.keptFrom].map((a) => a.buffer) : [];
  self.postMessage({ id: data.id, ...result }, moved);
});
