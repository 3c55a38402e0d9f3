// A forced keep: a pixel keeps the class the network predicted although it lies below that class's threshold. What is
// stored is that class, as if somebody had drawn it, so nothing behind the viewer knows of it.
// Pure: also run under node.
import { IGNORED, TO_IGNORE, keptAt } from "../drawing/kept.js";
import { region } from "./shapes.js";

// What can be drawn beside classes and TO_IGNORE. It stands for many values and is none itself.
export const AS_PREDICTED = -1;

// All pixels predicted as a class that are kept as nothing, whatever the reason, as spans (shapes.js). What somebody
// set to ignored by hand was meant so and stays.
export function notKept(label, rule, id) {
  const { prediction, drawn, width, height } = label;
  const wanted = prediction.map((predicted, i) => predicted === id && drawn?.[i] !== TO_IGNORE
    && keptAt(label, rule, i) === IGNORED);
  return region(wanted, width, 1, { left: 0, top: 0, right: width, bottom: height });
}
