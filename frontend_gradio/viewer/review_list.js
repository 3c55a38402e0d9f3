// The decisions on a label, newest first.
import { element } from "./dom.js";

export function reviewList(reviews) {
  if (!reviews.length) return [element("p", { class: "st-muted" }, "Nobody has decided yet.")];
  const line = (entry) => element("li", {},
    element("b", {}, entry.decision), ` ${entry.reviewer} `,
    element("time", { datetime: entry.created_at }, new Date(entry.created_at).toLocaleString([], {
      day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" })),
    entry.comment ? element("q", {}, entry.comment) : null);
  return [element("ol", { class: "vw-reviews", id: "review-list" }, ...[...reviews].reverse().map(line))];
}
