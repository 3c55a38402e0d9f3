// Requests of the browser to the REST API, and the arrays of labels, cached so that neighbours open at once.
import { loadPixels } from "./pixels/load.js";

const CACHED_LABELS = 9;

export class ApiError extends Error {
  constructor(detail, status) { super(detail); this.status = status; }
}

export function url(path) { return window.STUDIO.api + path; }

// Leaves for the sign-in page, which comes back here.
function goToSignIn() {
  const here = location.pathname + location.search;
  location.assign(`${window.STUDIO.signIn}?next=${encodeURIComponent(here)}`);
}

// Sends a request; a problem+json answer becomes an ApiError with its detail, verbatim.
export async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(url(path), { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError("The API does not answer. Is it running? `studio status` tells.", 0);
  }
  if (response.ok) return response;
  if (response.status === 401) goToSignIn();
  const problem = await response.json().catch(() => null);
  throw new ApiError(problem?.detail ?? `${path} answered ${response.status}.`, response.status);
}

export async function getJson(path) { return (await send(path)).json(); }

// With `v` the answer may be kept by the browser for ever.
function layerPath(label, layer, format) {
  return `/labels/${label.id}/layers/${layer}?format=${format}&v=${encodeURIComponent(label.layers_digest)}`;
}

async function photo(label) {
  const image = new Image();
  image.src = url(layerPath(label, "image", "png"));
  try {
    await image.decode();
  } catch {
    throw new ApiError(`The photo of ${label.name} cannot be read.`, 0);
  }
  return image;
}

// The confidences that codes stand for come from the API: thresholds compare exactly as they did there.
const tables = new Map(); // codebook -> promise of its table
export function tableOf(levels) {
  if (!tables.has(levels)) {
    const table = send(`/codebooks/${levels}`).then(async (response) => new Float64Array(await response.arrayBuffer()));
    tables.set(levels, table);
    table.catch(() => tables.delete(levels));
  }
  return tables.get(levels);
}

// Digest -> promise of what is drawn: immutable, so safe to keep.
const drawn = new Map();

async function pixelsAt(path, label) {
  const table = await tableOf(label.confidence_levels);
  const { arrays, status, detail } = await loadPixels(url(path), label.thresholds.length, table.length);
  if (!arrays) {
    if (status === 401) goToSignIn();
    throw new ApiError(detail, status);
  }
  return { ...arrays, table };
}

async function loadDrawn(label, ofRevision) {
  const ready = photo(label);
  ready.catch(() => {}); // heard below
  const arrays = await pixelsAt(
    `/labels/${label.id}/pixels?v=${encodeURIComponent(label.layers_digest)}${ofRevision}`, label);
  return { photo: await ready, ...arrays };
}

// What a checkpoint of the label's run says of the label's image: the arrays of a label that keeps all of it.
export function openPrediction(label, checkpoint) {
  return pixelsAt(
    `/runs/${label.run_id}/checkpoints/${checkpoint}/pixels?image=${encodeURIComponent(label.name)}`, label);
}

// The label with everything the panes draw: its JSON, its arrays and its ETag. `revision`: as it is there; null:
// in the present one.
export async function openLabel(id, revision = null) {
  const response = await send(`/labels/${id}${revision === null ? "" : `?revision=${revision}`}`);
  const label = await response.json();
  const etag = response.headers.get("ETag") ?? `"${label.version}"`;
  const key = `${label.id} ${label.layers_digest}`;
  const promise = drawn.get(key) ?? loadDrawn(label, revision === null ? "" : `&revision=${revision}`);
  // The one used last is forgotten last.
  drawn.delete(key);
  drawn.set(key, promise);
  if (drawn.size > CACHED_LABELS) drawn.delete(drawn.keys().next().value);
  try {
    return { ...label, ...(await promise), etag };
  } catch (error) {
    drawn.delete(key);
    throw error;
  }
}

// Class ids of the ground truth. They belong to the data set, so they are asked for again.
export async function groundTruth(label) {
  const response = await send(layerPath(label, "ground-truth", "raw"));
  return new Uint8Array(await response.arrayBuffer());
}

// Fills the cache for a neighbour; a failure shows when it is opened.
export function prefetch(id) {
  if (id !== null && id !== undefined) openLabel(id).catch(() => {});
}

// Records a decision on the label as opened; answers the new JSON and ETag.
export async function review(label, decision, comment) {
  const response = await send(`/labels/${label.id}/review`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "If-Match": label.etag },
    body: JSON.stringify({ decision, comment }),
  });
  const updated = await response.json();
  return { ...updated, etag: response.headers.get("ETag") ?? `"${updated.version}"` };
}

// Which classes are not trained on in this image; answers the new JSON and ETag.
export async function veto(label, classes) {
  const response = await send(`/labels/${label.id}/vetoes`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "If-Match": label.etag },
    body: JSON.stringify({ classes }),
  });
  const updated = await response.json();
  return { ...updated, etag: response.headers.get("ETag") ?? `"${updated.version}"` };
}

// Which classes are not trained on in any image of the round; answers the round.
export async function vetoInRound(roundId, classes) {
  const response = await send(`/rounds/${roundId}/vetoes`, {
    method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ classes }),
  });
  return response.json();
}

// Claims the label or renews the claim; ApiError 409 when somebody else has it.
export async function claimLabel(id) {
  return (await send(`/labels/${id}/claim`, { method: "POST" })).json();
}

// Like saving a draft, this outlives the page that asks for it.
export function letLabelGo(id) { return send(`/labels/${id}/claim`, { method: "DELETE", keepalive: true }); }

// Claims the next unreviewed label that nobody else has, behind label `after`; null when there is none.
export async function claimNext(roundId, { sort = "order", after = null } = {}) {
  const query = new URLSearchParams(after === null ? { sort } : { sort, after });
  const response = await send(`/rounds/${roundId}/next?${query}`, { method: "POST" });
  return response.status === 204 ? null : response.json();
}

export function saveDraft(id, comment) {
  return send(`/labels/${id}/draft`, {
    method: "PUT", keepalive: true,
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ comment }),
  });
}

export function labelPage(roundId, { status = "", sort = "order", cursor = null, limit = 60 } = {}) {
  const query = new URLSearchParams({ sort, limit });
  if (status) query.set("status", status);
  if (cursor) query.set("cursor", cursor);
  return getJson(`/rounds/${roundId}/labels?${query}`);
}

// The newest run that has a round: what a page shows when its address names nothing.
export async function newestRound() {
  const runs = (await getJson("/runs?limit=50")).items;
  runs.sort((a, b) => b.created_at.localeCompare(a.created_at));
  const run = runs.find((candidate) => candidate.rounds.length);
  return run ? run.rounds.at(-1) : null;
}
