// The correction the API holds of a label.
import { send } from "../api.js";
import { readIds } from "../pixels/png_reader.js";

const NONE = 204;

export async function idsOf(png) { return (await readIds(new Uint8Array(await png.arrayBuffer()))).ids; }

// { version, png }: png null when nothing is drawn; the version counts what was deleted, too.
export async function askForCorrection(label) {
  const response = await send(`/labels/${label.id}/correction`);
  const version = Number((response.headers.get("ETag") ?? '"0"').match(/\d+/)[0]);
  return { version, png: response.status === NONE ? null : await response.blob() };
}

// Ids (drawing/kept.js: UNTOUCHED, TO_IGNORE or a class), or null when there is none.
export async function storedCorrection(label) {
  const { png } = await askForCorrection(label);
  return png && idsOf(png);
}
