// Three keys for one question: where is this class least sure, and shall it be left out there, or kept all the same?
import { getJson } from "./api.js";
import { say, shown } from "./dom.js";

const NO_CLASS = "Point at a class, or bring one into focus (its colour in the legend).";

// Null as well over a pixel that is predicted as none.
function classMeant({ picture, space }) {
  const id = picture.legend.chosen ?? picture.classUnderCursor();
  return space?.classes[id] === undefined ? null : id;
}

// Opens the label that trains on the class though of its pixels the smallest share is kept; there, the next one.
export async function goToWorst(inspect) {
  const id = classMeant(inspect);
  if (id === null) return say(NO_CLASS);
  const found = await shown(() => getJson(`/rounds/${inspect.round.id}/classes/${id}/worst?limit=2`));
  if (!found) return undefined;
  const name = inspect.space.classes[id];
  if (!found.length) return say(`${name} is kept nowhere, or left out wherever it is.`);
  inspect.picture.legend.choose(id);
  const [worst, second] = found;
  await inspect.open(worst.id === inspect.label.id && second ? second.id : worst.id);
  return say(`${name} is least sure here. D leaves it out of this image, K keeps all of it.`);
}

// Leaves the class out of this image, or takes it in again.
export function drop(inspect) {
  const id = classMeant(inspect);
  return id === null ? say(NO_CLASS) : inspect.veto(id);
}

// Keeps what is predicted as the class in this image, however unsure the network was.
export function keepAll(inspect) {
  const id = classMeant(inspect);
  return id === null ? say(NO_CLASS) : inspect.toolbox.keepAll(id);
}
