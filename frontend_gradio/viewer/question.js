// A yes-or-no question before something that cannot be undone.
import { element } from "./dom.js";

// Resolves to whether the person has said yes. Escape is no.
export function asks(question, consequence, yes) {
  return new Promise((resolve) => {
    const dialog = element("dialog", { class: "st-dialog", "aria-labelledby": "question" },
      element("h2", { id: "question" }, question), element("p", {}, consequence),
      element("form", { method: "dialog" },
        element("button", { value: "no", autofocus: true, class: "st-button" }, "Leave it"),
        element("button", { value: "yes", class: "st-button danger", id: "answer-yes" }, yes)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    // Inside Gradio's container, where its styles hold.
    (document.querySelector(".gradio-container") ?? document.body).append(dialog);
    dialog.showModal();
  });
}
