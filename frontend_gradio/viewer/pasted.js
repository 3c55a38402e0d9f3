// What training pastes into an image: use by use, from which images. Drawn over the label as the student will see it.
import { getJson, openLabel } from "./api.js";
import { decidedRule } from "./decided.js";
import { byId, element } from "./dom.js";
import { IGNORED, keptIds } from "./drawing/kept.js";

// What the API tells, without the uses into which nothing is pasted.
export async function plannedPastes(label) {
  const plan = await getJson(`/labels/${label.id}/pastes`);
  return { ...plan, uses: plan.uses.filter((use) => use.donors.length) };
}

export function fillUses(select, plan, space) {
  const named = (donor) => `${space.classes[donor.class_id]} from ${donor.image}`;
  select.replaceChildren(...plan.uses.map((use, i) => element(
    "option", { value: i }, `iteration ${use.iteration + 1}: ${use.donors.map(named).join(", ")}`)));
  if (!plan.uses.length) select.replaceChildren(element("option", { value: "" }, "nothing is pasted into this image"));
}

export function chosenUse(plan) { return plan.uses[Number(byId("use").value)] ?? null; }

// -> { ids: pasted class of each pixel, 255 elsewhere; origin: which donor it is from }. A donor of another size is
// scaled by nearest neighbour, as in training.
export async function pastedRegion(label, use, hard) {
  const ids = new Uint8Array(label.width * label.height).fill(IGNORED), origin = new Uint8Array(ids.length);
  const isHard = new Set(hard);
  for (const [number, drawn] of use.donors.entries()) {
    const donor = await openLabel(drawn.label_id);
    const kept = keptIds(donor, await decidedRule(donor));
    for (let y = 0, i = 0; y < label.height; y++) {
      const row = Math.floor((y * donor.height) / label.height) * donor.width;
      for (let x = 0; x < label.width; x++, i++) {
        const id = kept[row + Math.floor((x * donor.width) / label.width)];
        if (isHard.has(id)) { ids[i] = id; origin[i] = number + 1; }
      }
    }
  }
  return { ids, origin };
}
