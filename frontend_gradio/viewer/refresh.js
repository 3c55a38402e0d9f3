// Asks Gradio to draw the page again: every few seconds while something changes and somebody can see it,
// and at once when the address changes by a link of the page (class st-soft) or by Back.
import { byId } from "./dom.js";

export const redraw = () => byId("refresh")?.click();

function follow(event) {
  const link = event.target.closest?.("a.st-soft");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || new URL(link.href).pathname !== location.pathname) return;
  event.preventDefault();
  if (link.href !== location.href) history.pushState(null, "", link.href);
  redraw();
}

// `props.value` is JSON: the seconds between two drawings, and the trouble there was with the last one.
export function start(element, props, watch) {
  let timer;
  const plan = () => {
    clearTimeout(timer);
    const { seconds, trouble } = JSON.parse(props.value || "{}");
    const line = element.querySelector("p");
    line.textContent = trouble ? `${trouble} What you see may be old; trying again every ${seconds} s.` : "";
    line.hidden = !trouble;
    if (!seconds || document.hidden) return;
    timer = setTimeout(() => { redraw(); plan(); }, 1000 * seconds);
  };
  document.addEventListener("click", follow);
  addEventListener("popstate", redraw);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) redraw(); plan(); });
  watch("value", plan);
  plan();
}
