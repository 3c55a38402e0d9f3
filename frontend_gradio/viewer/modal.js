// A question that covers the page (class st-modal): told as such to screen readers, focused, closed by Escape.
import { start as startPatching } from "./patch.js";

export function start(element, props, watch) {
  startPatching(element, props, watch);
  const panel = element.closest(".st-modal");
  const [yes, no] = panel.querySelectorAll("button");
  const open = () => {
    const title = element.querySelector("h2");
    if (!title) return;
    title.id = "modal-title";
    for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-labelledby", title.id]]) {
      panel.setAttribute(name, value);
    }
    requestAnimationFrame(() => yes.focus());
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") no.click();
    if (event.key !== "Tab") return;
    event.preventDefault();
    (document.activeElement === yes ? no : yes).focus();
  });
  watch("value", open);
  open();
}
