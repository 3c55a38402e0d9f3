// A job that somebody waits for: whether it is under way, and how far, with a way to its page.
import { element } from "./dom.js";

// So long until somebody looks again.
export const PATIENCE_MS = 700;

export function isUnderWay(job) { return ["queued", "running", "canceling"].includes(job?.state); }

export function linkTo(job) { return element("a", { href: `${window.STUDIO.ui}/jobs?job=${job.id}` }, `job ${job.id}`); }

export function progressOf(job) {
  return element("span", { role: "status" }, `${job.state}, ${job.done} of ${job.total}: `, linkTo(job));
}
