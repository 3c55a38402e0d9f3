// Building DOM from data: text is always set as text, never parsed as HTML.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function byId(id) { return document.getElementById(id); }

// Gradio draws the page in pieces; resolves when every id is in the document.
export function whenPresent(...ids) {
  return new Promise((resolve) => {
    const look = () => {
      if (!ids.every(byId)) return false;
      resolve();
      return true;
    };
    if (look()) return;
    const observer = new MutationObserver(() => { if (look()) observer.disconnect(); });
    observer.observe(document.body, { childList: true, subtree: true });
  });
}

export function setQuery(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
}

export function query(name) { return new URLSearchParams(location.search).get(name); }

export function percent(share, digits = 1) { return `${(100 * share).toFixed(digits)} %`; }

export function chip(status) {
  const tone = { accepted: "good", rejected: "bad", skipped: "attention" }[status] ?? "idle";
  return element("span", { class: `st-chip st-${tone}` }, element("i"), status);
}

// A line of the foot bar; errors stay until the next success.
export function say(words, bad = false) {
  const node = byId("message");
  if (!node) return;
  node.textContent = words;
  node.classList.toggle("st-error", bad);
}

// Runs an action; its failure is shown, verbatim.
export async function shown(action) {
  try {
    return await action();
  } catch (error) {
    say(error.message, true);
    if (error.status === undefined) throw error;
    return undefined;
  }
}
