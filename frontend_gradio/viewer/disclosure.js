// What is asked for only when somebody opens it, and once; after a failure opening it again tries again.
import { element } from "./dom.js";

export async function makeWhenOpened(details, body, make) {
  let made = false;
  const open = async () => {
    if (!details.open || made) return;
    made = true;
    try {
      await make();
    } catch (error) {
      made = false;
      body.replaceChildren(element("p", { class: "st-error" }, error.message));
      if (error.status === undefined) throw error;
    }
  };
  details.addEventListener("toggle", open);
  await open();
}
