// The form of the sign-in page: the API sets a cookie, then the page that was asked for opens.
import { byId } from "./dom.js";

const studio = window.STUDIO;

// Where to go: an address of this very origin, or the start page. The whole address is used, because a
// path alone may begin with "//" and then names another host.
export function destination(next, here = location.origin) {
  const start = new URL(`${studio.ui}/`, here).href;
  if (!next) return start;
  try {
    const asked = new URL(next, here);
    return asked.origin === here && !asked.pathname.startsWith(studio.signIn) ? asked.href : start;
  } catch {
    return start;
  }
}

async function signIn(name, password) {
  const response = await fetch(`${studio.api}/session`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, password }),
  }).catch(() => null);
  if (response?.ok) return null;
  const problem = await response?.json().catch(() => null);
  return problem?.detail ?? "The API does not answer. Is it running?";
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  byId("si-message").textContent = "";
  const refusal = await signIn(form.elements.name.value, form.elements.password.value);
  if (refusal === null) {
    location.replace(destination(new URLSearchParams(location.search).get("next")));
    return;
  }
  button.disabled = false;
  byId("si-message").textContent = refusal;
  form.elements.password.select();
});
