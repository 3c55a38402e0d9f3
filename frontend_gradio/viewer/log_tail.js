// The end of a log stays in view while it grows, unless somebody has scrolled up to read.
import { start as startPatching } from "./patch.js";

const NEAR = 24;

export function start(element, props, watch) {
  let following = true;
  let job = null;
  const box = () => element.querySelector("pre");
  const toEnd = () => {
    const log = box();
    if (!log) return;
    if (log.dataset.job !== job) following = true;
    job = log.dataset.job;
    if (following) log.scrollTop = log.scrollHeight;
  };
  // Scroll events do not bubble, but they can be met on their way down.
  element.addEventListener("scroll", () => {
    const log = box();
    following = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  }, { capture: true });
  startPatching(element, props, watch);
  watch("value", toEnd);
  toEnd();
}
