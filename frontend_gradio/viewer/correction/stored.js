// The correction the API holds of a label.
import { send } from "../api.js";
import { readIds } from "../pixels/png_reader.js";

const NONE = 204;

// Ids (drawing/kept.js: UNTOUCHED, TO_IGNORE or a class), or null when there is none.
export async function storedCorrection(label) {
  const response = await send(`/labels/${label.id}/correction`);
  if (response.status === NONE) return null;
  return (await readIds(new Uint8Array(await response.arrayBuffer()))).ids;
}
