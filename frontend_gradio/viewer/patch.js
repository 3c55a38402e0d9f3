// Makes an element's children like some HTML while it keeps every node that is still meant: what has the
// focus, is selected, scrolled or open stays so. Nodes with an id are told apart by it, others by place.

export function patch(element, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  patchChildren(element, wanted.content);
}

function patchChildren(parent, wanted) {
  const named = new Map([...parent.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = parent.firstChild;
  for (const node of [...wanted.childNodes]) {
    const known = node.id ? named.get(node.id) : sameKind(place, node) ? place : null;
    if (known && known !== place) parent.insertBefore(known, place);
    if (known) {
      patchNode(known, node);
      place = known.nextSibling;
    } else parent.insertBefore(node, place);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function sameKind(node, wanted) {
  return node && !node.id && node.nodeName === wanted.nodeName;
}

function patchNode(node, wanted) {
  if (node.nodeName !== wanted.nodeName) return node.replaceWith(wanted);
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return undefined;
  }
  for (const { name } of [...node.attributes]) {
    // What people open and where they have scrolled is theirs.
    if (!wanted.hasAttribute(name) && !(node.nodeName === "DETAILS" && name === "open")) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  return patchChildren(node, wanted);
}

// A part of a page that Gradio fills with `value` again and again.
export function start(element, props, watch) {
  const show = () => patch(element, props.value ?? "");
  watch("value", show);
  show();
}
