// Who is signed in, on top of every page, and the way out. Without accounts there is nothing to show.
import { send } from "./api.js";
import { byId, element, whenPresent } from "./dom.js";

async function signOut() {
  await send("/session", { method: "DELETE" });
  location.assign(window.STUDIO.signIn);
}

async function show() {
  const me = await (await send("/session")).json();
  if (me.local) return;
  await whenPresent("account");
  byId("account").replaceChildren(
    element("span", { title: me.role }, me.name),
    element("button", { type: "button", id: "sign-out", onclick: signOut }, "Sign out"),
  );
}

// A refusal has led to the sign-in page already; an API that does not answer shows on the page itself.
show().catch(() => {});

// The sign-in may end while a page is open: better to know before more is typed.
const CHECK_MS = 60_000;
setInterval(() => { if (!document.hidden) send("/session").catch(() => {}); }, CHECK_MS);
