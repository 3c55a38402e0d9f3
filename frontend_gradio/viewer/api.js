// Requests of the browser to the REST API, and the arrays of labels, cached so that neighbours open at once.
import { confidenceTable, keptIds, uint16Array } from "./decode.js";

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

async function rawLayer(label, layer, bytesPerPixel) {
  const buffer = await (await send(layerPath(label, layer, "raw"))).arrayBuffer();
  const expected = label.width * label.height * bytesPerPixel;
  if (buffer.byteLength !== expected) {
    throw new ApiError(`Layer ${layer} has ${buffer.byteLength} bytes, ${expected} were expected.`, 0);
  }
  return buffer;
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

const tables = new Map();
function tableOf(levels) {
  if (!tables.has(levels)) tables.set(levels, confidenceTable(levels));
  return tables.get(levels);
}

// layers_digest -> promise of arrays: immutable, so safe to keep.
const arrays = new Map();

async function loadArrays(label) {
  const [image, prediction, codes, reason, truth] = await Promise.all([
    photo(label),
    rawLayer(label, "prediction", 1),
    rawLayer(label, "confidence", 2),
    rawLayer(label, "reason", 1),
    label.has_ground_truth ? rawLayer(label, "ground-truth", 1) : null,
  ]);
  const decoded = {
    photo: image,
    prediction: new Uint8Array(prediction),
    codes: uint16Array(codes),
    reason: new Uint8Array(reason),
    truth: truth && new Uint8Array(truth),
    table: tableOf(label.confidence_levels),
  };
  return { ...decoded, kept: keptIds(decoded.prediction, decoded.reason) };
}

// The label with everything the panes draw: its JSON, its arrays and its ETag.
export async function openLabel(id) {
  const response = await send(`/labels/${id}`);
  const label = await response.json();
  const etag = response.headers.get("ETag") ?? `"${label.version}"`;
  const key = `${label.id} ${label.layers_digest}`;
  if (!arrays.has(key)) {
    arrays.set(key, loadArrays(label));
    if (arrays.size > CACHED_LABELS) arrays.delete(arrays.keys().next().value);
  }
  try {
    return { ...label, ...(await arrays.get(key)), etag };
  } catch (error) {
    arrays.delete(key);
    throw error;
  }
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
