// node keep.mjs FOLDER: unpacks pixels.bin, keeps by table.bin and thresholds.bin, writes kept.bin, status.bin and
// counts.bin, as the viewer would show them.
import { readFile, writeFile } from "node:fs/promises";
import { keptIds, keptPixels, ruleOf, statusAt } from "../../../frontend_gradio/viewer/drawing/kept.js";
import { unpack } from "../../../frontend_gradio/viewer/pixels/unpack.js";

const folder = process.argv[2];
const bytes = async (name) => {
  const content = await readFile(`${folder}/${name}`);
  return content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
};
const table = new Float64Array(await bytes("table.bin"));
const thresholds = new Float64Array(await bytes("thresholds.bin"));
const label = { table, ...await unpack(await bytes("pixels.bin"), thresholds.length, table.length) };
const rule = ruleOf(table, [...thresholds]);
await writeFile(`${folder}/kept.bin`, keptIds(label, rule));
await writeFile(`${folder}/status.bin`, Uint8Array.from(label.codes, (_, i) => statusAt(label, rule, i)));
await writeFile(`${folder}/counts.bin`, Uint32Array.from(thresholds, (_, id) => keptPixels(label, rule, id)));
