import assert from "node:assert/strict";
import test from "node:test";
import { csvOf } from "../../../frontend_gradio/viewer/plot_csv.js";

const layout = { xaxis: { title: { text: "iteration" } }, yaxis: { title: { text: "loss" } } };

test("a plot as CSV holds what is drawn: hidden series and gaps are left out", () => {
  const data = [
    { name: "seg", meta: "round 1: seg", x: [0, 5], y: [2, null] },
    { name: "total", x: Float64Array.from([0]), y: [3.5] },
    { name: "kld", x: [0], y: [1], visible: "legendonly" },
  ];
  assert.equal(csvOf({ data, layout }), "series,iteration,loss\r\nround 1: seg,0,2\r\ntotal,0,3.5\r\n");
});

test("names with commas and quotes are quoted, notes have a column", () => {
  const data = [{ name: 'a,"b"', x: [1], y: [2], customdata: ["dusk/0001"] }];
  assert.equal(csvOf({ data, layout: {} }), 'series,x,y,note\r\n"a,""b""",1,2,dusk/0001\r\n');
});
