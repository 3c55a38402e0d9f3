// How the two panes of a page are arranged.
import { byId } from "./dom.js";

// Arranges them as wanted, side by side when that is none of `layouts`; answers what it is now.
export function arrange(layouts, wanted) {
  const layout = layouts.includes(wanted) ? wanted : "side";
  byId("panes").className = `vw-panes ${layout}`;
  for (const button of document.querySelectorAll("[data-layout]")) {
    button.setAttribute("aria-pressed", button.dataset.layout === layout);
  }
  return layout;
}

export function following(layouts, layout) { return layouts[(layouts.indexOf(layout) + 1) % layouts.length]; }

// `choose(layout)`: a button for it was pressed.
export function onLayout(choose) {
  byId("layouts").addEventListener("click", (event) => {
    const button = event.target.closest("[data-layout]");
    if (button) choose(button.dataset.layout);
  });
}
