// Why a pixel is kept or not, and what it weighs, in words.
import { BELOW, KEPT } from "./drawing/kept.js";

export const REASONS = ["kept", "below threshold", "void", "vetoed", "corrected", "inconsistent"];

// Summed weight of the terms that act on a region ("kept" or "ignored"); term "all" or one term.
export function regionWeight(weights, region, term) {
  return weights
    .filter((weight) => weight.region === region && (term === "all" || weight.term === term))
    .reduce((sum, weight) => sum + weight.weight, 0);
}

// 1.2e-5 -> "12.0 ·10⁻⁶": weights are compared with each other, so one power of ten serves all.
export function weightText(weight) {
  return weight === 0 ? "0" : `${(weight * 1e6).toPrecision(3)}·10⁻⁶`;
}

// θ as a number; above every code of the codebook nothing is kept.
export function thresholdText(theta, digits = 4) { return theta === undefined ? "> all" : theta.toFixed(digits); }

export function explain(reason, p, theta) {
  if (reason === KEPT) return `kept: p ${p.toFixed(4)} ≥ θ ${thresholdText(theta)}`;
  if (reason === BELOW) return `ignored: p ${p.toFixed(4)} < θ ${thresholdText(theta)}`;
  return {
    2: "ignored: void in the data set",
    3: "ignored: vetoed in review",
    4: "kept: corrected",
    5: "ignored: too few neighbours of its class",
  }[reason] ?? `reason ${reason} is unknown`;
}
